/** The command that fetches an address from a shell, with nothing in it that a shell would take for its own. */
export function curlOf(url: URL): string {
  return `curl --compressed '${url.href.replaceAll("'", "%27")}'`;
}

/** A name that every file system takes. */
export function traceFileName(id: string): string {
  return `${id.replace(/[^\w.-]+/g, "_").replace(/^\.+/, "").slice(0, 100) || "trace"}.jsonl`;
}
