import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "./app/styles.css";
import { App } from "./app/app.tsx";
import { startTheme } from "./app/theme.ts";

startTheme();
const root = document.getElementById("root");
if (root)
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
