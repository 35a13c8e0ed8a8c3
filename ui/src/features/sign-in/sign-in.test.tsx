import { act, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, it, vi } from "vitest";
import { signInRequired } from "../../api/client";
import { FakeHost, problem } from "../../testing/host";
import { SignInPage } from "./Page";

afterEach(() => {
  signInRequired.set(false);
  vi.unstubAllGlobals();
});

it("exchanges the token and lets the page go on", async () => {
  const user = userEvent.setup();
  signInRequired.set(true);
  new FakeHost({ auth: () => new Response(null, { status: 204 }) });
  render(<SignInPage />);
  expect(screen.getByRole("button", { name: "Sign in" })).toBeDisabled();
  await user.type(screen.getByLabelText("Token"), " secret {Enter}");
  await vi.waitFor(() => expect(signInRequired.get()).toBe(false));
});

it("says when the token is not the one", async () => {
  const user = userEvent.setup();
  new FakeHost({ auth: () => problem(401, "wrong_token", "Wrong token") });
  render(<SignInPage />);
  await user.type(screen.getByLabelText("Token"), "old{Enter}");
  expect(await screen.findByText(/not the one/)).toBeInTheDocument();
  expect(screen.getByLabelText("Token")).toHaveAttribute("aria-invalid", "true");
});

it("takes the whole link that the host printed", async () => {
  const user = userEvent.setup();
  const sent = vi.fn(() => Promise.resolve(new Response(null, { status: 204 })));
  vi.stubGlobal("fetch", sent);
  render(<SignInPage />);
  expect(screen.getByLabelText("Token")).toHaveFocus();
  await user.click(screen.getByLabelText("Token"));
  await user.paste("http://127.0.0.1:3000/_inspector/ui/#token=abc123");
  await user.keyboard("{Enter}");
  await vi.waitFor(() => expect(sent).toHaveBeenCalledWith(expect.anything(), expect.objectContaining({ body: '{"token":"abc123"}' })));
});

it("waits as long as the host says after too many guesses, and then takes another", async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  try {
    const user = userEvent.setup({ advanceTimers: (ms) => vi.advanceTimersByTime(ms) });
    new FakeHost({ auth: () => problem(429, "too_many_guesses", "Too many wrong tokens", { "retry-after": "3" }) });
    render(<SignInPage />);
    await user.type(screen.getByLabelText("Token"), "guess{Enter}");
    expect(await screen.findByText(/Too many wrong tokens were tried/)).toBeInTheDocument();
    expect(screen.getByRole("button", { name: /Try again in [123] s/ })).toBeDisabled();
    // The countdown may begin a turn after it is drawn.
    await act(() => vi.advanceTimersByTimeAsync(0));
    await act(() => vi.advanceTimersByTimeAsync(4_000));
    expect(await screen.findByRole("button", { name: "Sign in" })).toBeEnabled();
    expect(screen.getByLabelText("Token")).toHaveValue("guess");
  } finally {
    vi.useRealTimers();
  }
});

it("says which line is missing when a proxy makes it another’s page", async () => {
  const user = userEvent.setup();
  new FakeHost({ auth: () => problem(403, "forbidden_origin", "Pages of this origin may not ask the inspector") });
  render(<SignInPage />);
  await user.type(screen.getByLabelText("Token"), "right{Enter}");
  expect(await screen.findByText(/\.allow_origins\(\["http:\/\/localhost:3000"\]\)/)).toBeInTheDocument();
});

it("shows the token to whoever wants to see what was typed", async () => {
  const user = userEvent.setup();
  render(<SignInPage />);
  await user.type(screen.getByLabelText("Token"), "abc");
  expect(screen.getByLabelText("Token")).toHaveAttribute("type", "password");
  await user.click(screen.getByRole("button", { name: "Show what is typed" }));
  expect(screen.getByLabelText("Token")).toHaveAttribute("type", "text");
});
