import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { LiveProvider } from "../live/live.tsx";
import { Loading } from "../parts/empty.tsx";
import { ProblemNote } from "../parts/problem-note.tsx";
import { LoginPage } from "../pages/login/login-page.tsx";
import { router } from "./router.tsx";
import { SessionProvider, useSession } from "./session.tsx";
import { StepUp } from "./step-up.tsx";

/** What is asked by HTTP is asked when somebody looks, and not again by itself: what changes comes over the live line. */
const queries = new QueryClient({
  defaultOptions: {
    queries: { retry: false, refetchOnWindowFocus: false, refetchOnReconnect: false, staleTime: 2_000 },
    mutations: { retry: false },
  },
});

/** All of it: who is logged in, what comes in live, and the page that is looked at. */
export function App() {
  return (
    <QueryClientProvider client={queries}>
      <SessionProvider forget={() => queries.clear()}>
        <Gate />
        <StepUp />
      </SessionProvider>
    </QueryClientProvider>
  );
}

function Gate() {
  const { state, ended, refresh } = useSession();
  switch (state.kind) {
    case "asking":
      return <Loading what="Farhand" />;
    case "unreachable":
      return (
        <main className="mx-auto max-w-xl p-6">
          <ProblemNote error={state.error} retry={refresh} />
        </main>
      );
    case "out":
      return <LoginPage start={state.step} />;
    case "in":
      return (
        <LiveProvider ended={ended}>
          <RouterProvider router={router} />
        </LiveProvider>
      );
  }
}
