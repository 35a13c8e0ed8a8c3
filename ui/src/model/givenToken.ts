/** The token in what somebody pasted: itself, or the whole sign-in link that the host printed. */
export function givenToken(pasted: string): string {
  const text = pasted.trim();
  const hash = text.indexOf("#");
  if (hash < 0) return text;
  return new URLSearchParams(text.slice(hash + 1)).get("token")?.trim() ?? text;
}
