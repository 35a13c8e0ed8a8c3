import "./styles/tokens.css";
import "./styles/base.css";
import "./components/controls.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App, newQueryClient } from "./app/App";
import { applyDensity } from "./components/density";
import { followSignInLink } from "./app/signInLink";
import { applyTheme, storedTheme } from "./app/theme";
import { openLive } from "./worker/open";

applyTheme(storedTheme());
applyDensity();

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");

await followSignInLink();
createRoot(root).render(
  <StrictMode>
    <App live={openLive()} client={newQueryClient()} />
  </StrictMode>,
);
