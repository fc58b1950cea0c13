import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "../app/styles.css";
import { startTheme } from "../app/theme.ts";
import { LocalApp } from "./local-app.tsx";

startTheme();
const root = document.getElementById("root");
if (root)
  createRoot(root).render(
    <StrictMode>
      <LocalApp />
    </StrictMode>,
  );
