/** What to do about a refusal, and the line of code that does it, if there is one. */
export interface AccessAdvice {
  words: string;
  code?: string;
}

/** Where the page was opened: what the host was asked as. */
export interface Place {
  host: string;
  origin: string;
}

/** For refusals that are about who asks and from where. The host says why in its own words; this says what to change. */
export function accessAdvice(code: string, place: Place): AccessAdvice | undefined {
  switch (code) {
    case "forbidden_host":
      return {
        words: `The host is not known by the name “${place.host}”, and a page that pretends to be it would look the same. Open the page by localhost, or have the program allow the name:`,
        code: `.allow_hosts([${JSON.stringify(place.host)}])`,
      };
    case "forbidden_origin":
      return {
        words: `The host takes this page, at ${place.origin}, for somebody else’s: something between changes the name that it is asked by. Have the proxy pass \`Host\` on, or have the program allow the origin:`,
        code: `.allow_origins([${JSON.stringify(place.origin)}])`,
      };
    case "access_denied":
      return { words: "The program that runs the inspector decides who may see it, and said no. Sign in to that program, or ask whoever runs it." };
    case "role_needed":
      return { words: "You may look, and not do this. Whoever runs the program gives roles: looking is a viewer’s, answering and keeping an operator’s, removing an administrator’s." };
    case "read_only":
      return { words: "The program shows its sessions and lets nobody change anything: it was built with `.read_only()`." };
    default:
      return undefined;
  }
}
