import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The first start may have to compile the example. */
const START_MS = Number(process.env.INSPECTOR_HOST_START_MS ?? 600_000);
const STOP_MS = 10_000;
const root = fileURLToPath(new URL("../../", import.meta.url));

/** The process groups of hosts that run: they must not outlive the suite, however it ends. */
const groups = new Set<number>();
process.once("exit", () => {
  for (const group of groups) end(group, "SIGKILL");
});

/**
 * One of the examples, started for a spec: with cargo, or as it lies built in the folder `INSPECTOR_EXAMPLES`. It gets
 * `PORT` (0 is any free port) and `AGENT_INSPECTOR_DATA_DIR`, and prints the addresses of its pages, then another line.
 */
export class Host {
  private process: ChildProcess | undefined;
  private port = 0;
  /** Addresses as they were printed, each with what follows `/ui/`. */
  pages: string[] = [];

  private constructor(
    private readonly example: string,
    private readonly dataDir: string,
  ) {}

  static async start(example = "quickstart"): Promise<Host> {
    const host = new Host(example, await mkdtemp(join(tmpdir(), "agent-inspector-e2e-")));
    await host.start();
    return host;
  }

  /** Address of the first page, with a slash at its end. */
  get page(): string {
    return this.pages[0] ?? "";
  }

  /** Address of the mount, without a slash at its end. */
  get mount(): string {
    return this.page.replace(/\/ui\/$/, "");
  }

  /** Starts the program, again on the same port and data when it ran before. */
  async start(): Promise<void> {
    const built = process.env.INSPECTOR_EXAMPLES;
    const [program, parameters] =
      built === undefined ? ["cargo", ["run", "--quiet", "--example", this.example]] : [join(built, this.example), []];
    const child = spawn(program, parameters, {
      cwd: root,
      // A group of its own: `cargo run` is not the program, and both must end.
      detached: true,
      env: { ...process.env, PORT: String(this.port), AGENT_INSPECTOR_DATA_DIR: this.dataDir },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.process = child;
    if (child.pid !== undefined) groups.add(child.pid);
    child.once("exit", () => groups.delete(child.pid ?? 0));
    this.pages = await addressesFrom(child);
    this.port = Number(new URL(this.page).port);
  }

  /** Ends the program by its own group, politely or as a crash would. One that stays when asked to go is a failure. */
  async stop(how: NodeJS.Signals = "SIGTERM"): Promise<void> {
    const child = this.process;
    this.process = undefined;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", (_code, signal) => resolve(signal)));
    end(child.pid, how);
    const late = setTimeout(() => end(child.pid, "SIGKILL"), STOP_MS);
    const signal = await ended;
    clearTimeout(late);
    if (signal === "SIGKILL" && how !== "SIGKILL") throw new Error(`the host did not stop in ${STOP_MS} ms`);
  }

  async remove(): Promise<void> {
    await this.stop();
    await rm(this.dataDir, { recursive: true, force: true });
  }

  /** Starts another agent run in the program. */
  async run(task: string): Promise<void> {
    const answer = fetch(new URL("/run", this.page), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ task }),
      signal: AbortSignal.timeout(30_000),
    });
    await accepted(await answer);
  }

  /** Sends events as any program may; they are stored when this ends. */
  async report(...events: object[]): Promise<void> {
    const answer = fetch(`${this.mount}/events`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(events),
      signal: AbortSignal.timeout(30_000),
    });
    await accepted(await answer);
  }

  /** Sends spans as an OpenTelemetry exporter does: an object as JSON, bytes with the headers they were recorded with. */
  async sendOtlp(body: object | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}): Promise<void> {
    const answer = fetch(`${this.mount}/v1/traces`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: body instanceof Uint8Array ? body : JSON.stringify(body),
      signal: AbortSignal.timeout(30_000),
    });
    await accepted(await answer);
  }
}

/** How many readers the host counts. */
export async function subscribers(host: Host): Promise<number> {
  const answer = await fetch(`${host.mount}/health`, { headers: { connection: "close" }, signal: AbortSignal.timeout(30_000) });
  return ((await answer.json()) as { subscribers: number }).subscribers;
}

const ESTABLISHED = "01";

/** How many connections to the host are open, as the system counts them; those of this program are among them. */
export async function openConnections(host: Host): Promise<number> {
  const port = Number(new URL(host.page).port).toString(16).toUpperCase().padStart(4, "0");
  const rows = (await readFile("/proc/net/tcp", "utf8")).split("\n").map((row) => row.trim().split(/\s+/));
  return rows.filter(([, local, , state]) => local?.endsWith(`:${port}`) && state === ESTABLISHED).length;
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

/** Waits until the addresses are printed; what else was printed becomes the error when none comes. */
function addressesFrom(child: ChildProcess): Promise<string[]> {
  return new Promise((resolve, reject) => {
    let printed = "";
    const late = setTimeout(() => {
      end(child.pid, "SIGKILL");
      reject(new Error(`the host printed no address in ${START_MS} ms:\n${printed}`));
    }, START_MS);
    const read = (chunk: Buffer): void => {
      printed += chunk.toString();
      const lines = printed.split("\n").slice(0, -1);
      const addresses = lines.map((line) => /https?:\/\/\S+\/ui\/\S*/.exec(line)?.[0]);
      const first = addresses.findIndex((address) => address !== undefined);
      // The line after the addresses says that there are no more.
      const end = addresses.indexOf(undefined, first);
      if (first < 0 || end < 0) return;
      clearTimeout(late);
      resolve(addresses.slice(first, end).filter((address) => address !== undefined));
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
