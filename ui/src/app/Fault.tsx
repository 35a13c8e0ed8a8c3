import { Component, type ReactNode } from "react";
import { ErrorState } from "../components/States";

/**
 * A mistake in one screen must not take the frame away: the reader can go elsewhere, and sees what to report. Only a class
 * can catch what a component below throws.
 */
export class Fault extends Component<{ children: ReactNode }, { error: Error | undefined }> {
  override state: { error: Error | undefined } = { error: undefined };

  static getDerivedStateFromError(error: unknown): { error: Error } {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === undefined) return this.props.children;
    return (
      <main>
        <ErrorState
          error={error}
          doing="Showing this screen"
          advice="This is a fault of the page and not of what it shows. The other screens still work."
          retry={() => this.setState({ error: undefined })}
        />
      </main>
    );
  }
}
