import type { ReactNode } from "react";

/** What a tab would show, and why it shows nothing. */
export function EmptyTab({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className="panel-body">
      <div className="empty-tab">
        <h3>{title}</h3>
        {children}
      </div>
    </div>
  );
}
