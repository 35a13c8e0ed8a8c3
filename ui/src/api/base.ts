/**
 * Where the API is. The built script lies at `{mount}/ui/assets/app.js`, whatever the mount is called and however deep
 * it is nested, so two folders up from it is the mount itself: nothing has to be configured or written into the page.
 *
 * Under `vite dev` the script lies elsewhere and the mount is the dev server's proxy. The address is read into a
 * variable first because Vite would take `new URL("../../", import.meta.url)` for an asset to bundle.
 */
const script = import.meta.url;

export const mountUrl: URL = import.meta.env.PROD
  ? new URL("../../", script)
  : new URL(import.meta.env.VITE_INSPECTOR_MOUNT ?? "/_inspector/", globalThis.location.origin);

/** The path the page's own addresses begin with, without a slash at the end. */
export const pagePath: string = import.meta.env.PROD ? `${mountUrl.pathname}ui` : "";

type Parameter = string | number | readonly string[] | undefined;

/** An API address below the mount. Ids in a path must be encoded by the caller; parameters are encoded here. */
export function apiUrl(path: string, parameters: Record<string, Parameter> = {}): URL {
  const url = new URL(path, mountUrl);
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined || value === "") continue;
    const items = typeof value === "object" ? value : [String(value)];
    for (const item of items) url.searchParams.append(name, item);
  }
  return url;
}
