import { render, screen } from "@testing-library/react";
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
