import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The first start may have to compile the example. */
const START_MS = Number(process.env.INSPECTOR_HOST_START_MS ?? 600_000);
const STOP_MS = 10_000;
const COMMAND = process.env.INSPECTOR_HOST ?? "cargo run --quiet --example quickstart";
const root = fileURLToPath(new URL("../../", import.meta.url));

/**
 * A program with the inspector in it, started for one spec. `INSPECTOR_HOST` is its command; it gets `PORT` (0 is any free
 * port) and `AGENT_INSPECTOR_DATA_DIR`, prints the page's address, and runs an agent on `POST /run`.
 */
export class Host {
  private process: ChildProcess | undefined;
  private port = 0;
  /** Address of the page, with a slash at its end. */
  page = "";

  private constructor(private readonly dataDir: string) {}

  static async start(): Promise<Host> {
    const host = new Host(await mkdtemp(join(tmpdir(), "agent-inspector-e2e-")));
    await host.start();
    return host;
  }

  /** Address of the mount, without a slash at its end. */
  get mount(): string {
    return this.page.replace(/\/ui\/$/, "");
  }

  /** Starts the program, again on the same port and data when it ran before. */
  async start(): Promise<void> {
    const [program = "", ...parameters] = COMMAND.split(" ");
    const child = spawn(program, parameters, {
      cwd: root,
      // A group of its own: `cargo run` is not the program, and both must end.
      detached: true,
      env: { ...process.env, PORT: String(this.port), AGENT_INSPECTOR_DATA_DIR: this.dataDir },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.process = child;
    this.page = await addressFrom(child);
    this.port = Number(new URL(this.page).port);
  }

  /** Ends the program by its own group, politely or as a crash would. */
  async stop(how: NodeJS.Signals = "SIGTERM"): Promise<void> {
    const child = this.process;
    this.process = undefined;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    end(child.pid, how);
    const late = setTimeout(() => end(child.pid, "SIGKILL"), STOP_MS);
    await ended;
    clearTimeout(late);
  }

  async remove(): Promise<void> {
    await this.stop();
    await rm(this.dataDir, { recursive: true, force: true });
  }

  /** Starts another agent run in the program. */
  async run(task: string): Promise<void> {
    await accepted(await postJson(new URL("/run", this.page).href, { task }));
  }

  /** Sends spans as an OpenTelemetry exporter does. */
  async sendOtlp(body: object): Promise<void> {
    await accepted(await postJson(`${this.mount}/v1/traces`, body));
  }
}

function postJson(url: string, body: object): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(30_000),
  });
}

async function accepted(response: Response): Promise<void> {
  if (!response.ok) throw new Error(`${response.url} answered ${response.status}: ${await response.text()}`);
}

function end(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // It ended by itself.
  }
}

/** Waits for the printed line with the page's address; what else was printed becomes the error when none comes. */
function addressFrom(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let printed = "";
    const late = setTimeout(() => {
      end(child.pid, "SIGKILL");
      reject(new Error(`the host printed no address in ${START_MS} ms:\n${printed}`));
    }, START_MS);
    const read = (chunk: Buffer): void => {
      printed += chunk.toString();
      const address = /https?:\/\/\S+\/ui\/(?=\s|$|#)/m.exec(printed)?.[0];
      if (address === undefined) return;
      clearTimeout(late);
      resolve(address);
    };
    child.stdout?.on("data", read);
    child.stderr?.on("data", read);
    child.once("error", reject);
    child.once("exit", (code) => {
      clearTimeout(late);
      reject(new Error(`the host ended with ${code}:\n${printed}`));
    });
  });
}
