import type { ReactNode } from "react";
import { PanelBody } from "./PanelBody";

/** What a tab would show, and why it shows nothing. */
export function EmptyTab({ title, children }: { title: string; children: ReactNode }) {
  return (
    <PanelBody>
      <div className="empty-tab">
        <h3>{title}</h3>
        {children}
      </div>
    </PanelBody>
  );
}
