import { Lexer, type MarkedToken, type Token } from "marked";
import { createElement, useMemo, type ReactNode } from "react";
import { Revealed } from "../../../../components/Revealed";
import { decodeEntities, isCheapMarkdown, readLink } from "../../../../model/markdownText";
import "./markdown.css";

/** Deeper lists and quotes are shown as they are. */
const MOST_DEPTH = 20;

/**
 * Markdown as elements. It is read into tokens only, never into HTML, and every token has a drawing here: markup, pictures and
 * definitions, which a page would load, run or hide, stand there as text.
 */
export default function Markdown({ text }: { text: string }) {
  const tokens = useMemo(() => lex(text), [text]);
  if (tokens === undefined) {
    return (
      <pre className="foreign markdown-plain">
        <Revealed text={text} />
      </pre>
    );
  }
  return (
    <div className="markdown foreign" dir="auto">
      {draw(tokens, 0)}
    </div>
  );
}

function lex(text: string): Token[] | undefined {
  if (!isCheapMarkdown(text)) return undefined;
  try {
    return new Lexer({ gfm: true, breaks: true }).lex(text);
  } catch {
    // What it cannot read, nested beyond its stack for one, is text all the same.
    return undefined;
  }
}

function draw(tokens: readonly Token[] | undefined, depth: number): ReactNode {
  return tokens?.map((token, index) => <Piece key={index} token={token as MarkedToken} depth={depth} />);
}

/** Text in which the parser left entities as they were written. */
function Words({ text }: { text: string }) {
  return <Revealed text={decodeEntities(text)} />;
}

function Piece({ token, depth }: { token: MarkedToken; depth: number }): ReactNode {
  if (depth > MOST_DEPTH) return <Revealed text={token.raw} />;
  const inside = (): ReactNode => draw("tokens" in token ? token.tokens : undefined, depth + 1);
  switch (token.type) {
    case "space":
      return null;
    case "hr":
      return <hr />;
    case "br":
      return <br />;
    case "paragraph":
      return <p>{inside()}</p>;
    case "heading":
      // Above them stand the headings of the panel.
      return createElement(`h${Math.min(6, token.depth + 3)}`, { className: `is-h${token.depth}` }, inside());
    case "strong":
      return <strong>{inside()}</strong>;
    case "em":
      return <em>{inside()}</em>;
    case "del":
      return <s>{inside()}</s>;
    case "blockquote":
      return <blockquote>{inside()}</blockquote>;
    case "code":
      return <Code language={token.lang ?? ""} text={token.text} />;
    case "codespan":
      return (
        <code>
          <Revealed text={token.text} />
        </code>
      );
    case "escape":
      return <Revealed text={token.text} />;
    case "list": {
      const items = token.items.map((item, index) => (
        <li key={index} className={item.task ? "is-task" : undefined}>
          {draw(item.tokens, depth + 1)}
        </li>
      ));
      return token.ordered ? <ol start={token.start === "" ? 1 : token.start}>{items}</ol> : <ul>{items}</ul>;
    }
    case "checkbox":
      return <span>{token.checked ? "☑ " : "☐ "}</span>;
    case "table":
      return <Table token={token} depth={depth} />;
    case "link":
      return (
        <Target href={token.href} title={token.title ?? ""} said={token.text}>
          {inside()}
        </Target>
      );
    case "image":
      return (
        <Target href={token.href} title={token.title ?? ""} said={token.text}>
          <span className="faint">picture: </span>
          <Words text={token.text} />
        </Target>
      );
    case "text":
      return token.tokens === undefined ? <Words text={token.text} /> : inside();
    case "html":
    case "def":
      // Also what nobody would see: comments, and targets that links name.
      return (
        <span className="markdown-markup">
          <Revealed text={token.raw} />
        </span>
      );
    default:
      // A kind of token that a later parser knows.
      return <Revealed text={(token as Token).raw} />;
  }
}

function Code({ language, text }: { language: string; text: string }) {
  return (
    <div className="markdown-code">
      {language !== "" && (
        <span className="faint">
          <Revealed text={language} />
        </span>
      )}
      <pre>
        <Revealed text={text} />
      </pre>
    </div>
  );
}

/** A link's words are no link: where it leads stands behind them, and that can be opened when it is the web. */
function Target({ href, title, said, children }: { href: string; title: string; said: string; children: ReactNode }) {
  const link = readLink(href);
  const isItsOwnName = said === href || `${said}/` === link.shown || said === link.shown;
  return (
    <>
      {!isItsOwnName && <span className="markdown-link">{children}</span>}
      {!isItsOwnName && " "}
      {link.opens === undefined ? (
        <code className="markdown-target">
          <Revealed text={link.shown} />
        </code>
      ) : (
        <a className="markdown-target" href={link.opens} target="_blank" rel="noopener noreferrer" referrerPolicy="no-referrer">
          <Revealed text={link.shown} />
        </a>
      )}
      {title !== "" && (
        <span className="faint">
          {" "}
          “<Revealed text={title} />”
        </span>
      )}
    </>
  );
}

function Table({ token, depth }: { token: Extract<MarkedToken, { type: "table" }>; depth: number }) {
  const align = (index: number) => ({ textAlign: token.align[index] ?? undefined });
  return (
    <div className="markdown-table">
      <table>
        <thead>
          <tr>
            {token.header.map((cell, index) => (
              <th key={index} style={align(index)}>
                {draw(cell.tokens, depth + 1)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {token.rows.map((row, index) => (
            <tr key={index}>
              {row.map((cell, column) => (
                <td key={column} style={align(column)}>
                  {draw(cell.tokens, depth + 1)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
