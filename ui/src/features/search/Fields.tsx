import type { ReactNode } from "react";

const GROUPS: readonly [string, readonly [example: string, meaning: string][]][] = [
  [
    "Words",
    [
      ["timeout", "a word that begins like this, in any case"],
      ['"rate limit"', "these words, in this order"],
      ["/time(d )?out/i", "a regular expression"],
      ["-retry", "must not occur"],
    ],
  ],
  [
    "Spans",
    [
      ["kind:tool", "agent, llm, tool, mcp, retrieval, human …"],
      ["status:error", "error, ok, running, abandoned"],
      ["name:bash", "the span’s name"],
      ["model:gpt-5", "the model that answered"],
      ["tool:read_file", "the tool"],
      ["agent:coder", "the agent"],
      ["error:429", "what went wrong"],
    ],
  ],
  [
    "Numbers",
    [
      ["duration:>5s", "us, ms, s, m, h"],
      ["tokens:>1000", "in and out; also input_tokens, output_tokens"],
      ["cost:>0.1", "in dollars"],
    ],
  ],
  [
    "Places",
    [
      ["session:", "one session"],
      ["engine:claude-code", "what runs it"],
      ["type:Log", "events of a type"],
      ["gen_ai.request.model:gpt-5", "any attribute by its name"],
    ],
  ],
];

/** What can be asked, by examples that can be pressed. */
export function Fields({ onPick }: { onPick: (example: string) => void }): ReactNode {
  return (
    <div className="search-fields">
      <h2>Searches names, attributes, messages, errors and events of every session, also of a second ago</h2>
      {GROUPS.map(([title, examples]) => (
        <section key={title} aria-label={title}>
          <h3>{title}</h3>
          <ul>
            {examples.map(([example, meaning]) => (
              <li key={example}>
                <button type="button" onClick={() => onPick(example)}>
                  <code>{example}</code>
                </button>
                <span className="muted">{meaning}</span>
              </li>
            ))}
          </ul>
        </section>
      ))}
      <p className="muted">All of it must hold. A field’s value may be quoted, and <code>model:=gpt-5</code> is the whole value.</p>
    </div>
  );
}
