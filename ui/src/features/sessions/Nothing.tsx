import { mountUrl } from "../../api/base";
import { CodeLine, EmptyState } from "../../components/States";
import { type SessionFilter, STATUSES, parseFilter, withoutField } from "../../model/sessionFilter";

/** The first thing many people see of the page: what to do for there to be something. */
export function NothingYet() {
  const endpoint = mountUrl.href.replace(/\/$/, "");
  const path = mountUrl.pathname.replace(/\/$/, "");
  // At the root there is nothing to nest below.
  const mounting = path === "" ? "merge(inspector.router())" : `nest("${path}", inspector.router())`;
  return (
    <EmptyState title="No session yet">
      <p className="muted">
        The inspector is mounted and listening. Sessions appear here by themselves, as soon as an agent runs in this program:
      </p>
      <CodeLine label="Copy the code" code={`let app = app.${mounting};`} />
      <p className="muted">Any other program can report here with OpenTelemetry:</p>
      <CodeLine label="Copy the setting" code={`OTEL_EXPORTER_OTLP_ENDPOINT=${endpoint}`} />
      <p className="muted">Claude Code and Codex report by their hooks:</p>
      <CodeLine label="Copy the command" code={`AGENT_INSPECTOR_URL=${endpoint} agent-inspector install claude-code`} />
    </EmptyState>
  );
}

/** Which part of the filter to let go of is the reader's choice: each is one press away. */
export function NothingFound({ query, onChange }: { query: string; onChange: (query: string) => void }) {
  const parts = partsOf(parseFilter(query));
  return (
    <EmptyState title="No session matches">
      <p className="muted">
        Nothing was found for <code className="foreign">{query}</code>.
      </p>
      <div className="state-actions">
        {parts.length > 1 &&
          parts.map(([field, words]) => (
            <button key={field} type="button" className="button" onClick={() => onChange(withoutField(query, field))}>
              {words}
            </button>
          ))}
        <button type="button" className="button" onClick={() => onChange("")}>
          Clear the filter
        </button>
      </div>
    </EmptyState>
  );
}

type Field = Parameters<typeof withoutField>[1];

function partsOf(filter: SessionFilter): [Field, string][] {
  const parts: [Field, string][] = [];
  if (filter.status.length > 0 && filter.status.length < STATUSES.length) parts.push(["status", "Any status"]);
  if (filter.engine.length > 0) parts.push(["engine", "Any engine"]);
  if (filter.agent !== undefined) parts.push(["agent", "Any agent"]);
  if (filter.tag !== undefined) parts.push(["tag", "Any tag"]);
  if (filter.pinned !== undefined) parts.push(["pinned", "Pinned or not"]);
  if (filter.since !== undefined) parts.push(["since", "From any time"]);
  if (filter.until !== undefined) parts.push(["until", "Until any time"]);
  if (filter.text !== "") parts.push(["text", "Without the words"]);
  return parts;
}
