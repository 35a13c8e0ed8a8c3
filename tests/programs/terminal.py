"""A program in a terminal of its own, as a person sees it who answers what it asks."""

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time

ROWS, COLUMNS = 40, 120
# What a program asks its terminal before it shows anything, and what a plain one answers.
ANSWERS = {
    b"\x1b[6n": b"\x1b[1;1R",
    b"\x1b[c": b"\x1b[?62;c",
    b"\x1b[?u": b"\x1b[?0u",
    b"\x1b]10;?": b"\x1b]10;rgb:ffff/ffff/ffff\x1b\\",
    b"\x1b]11;?": b"\x1b]11;rgb:0000/0000/0000\x1b\\",
}
INTERRUPT = b"\x03"
CONTROLS = re.compile(rb"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b\[[0-9;?<>=]*[ -/]*[@-~]")


class Terminal:
    """What a program shows, and the keyboard in front of it."""

    def __init__(self, file, seconds):
        self.file = file
        self.until = time.monotonic() + seconds
        self.shown = b""

    def wait_for(self, *texts, press=b""):
        """Reads until all texts stand there, in whichever order; what was shown before is forgotten then. Until the first of
        them does, `press` is pressed as often as the program has shown nothing new: it does not hear keys that come too soon
        after a question. Blanks count for nothing, for a program does not write those that are there already."""
        plain = before = ""
        while missing := [text for text in texts if re.sub(r"\s", "", text) not in plain]:
            if press and texts[0] in missing and plain == before:
                os.write(self.file, press)
            before = plain
            if not self.read():
                raise AssertionError(f"it ended without {missing}: {plain[-2000:]}")
            plain = re.sub(rb"\s", b"", CONTROLS.sub(b"", self.shown)).decode(errors="ignore")
        self.shown = b""

    def leave(self):
        """Interrupts the program until it has ended."""
        os.write(self.file, INTERRUPT)
        while self.read():
            with contextlib.suppress(OSError):
                os.write(self.file, INTERRUPT)

    def read(self):
        """Reads some of what is shown. False when the program has ended, or when time is over."""
        readable, _, _ = select.select([self.file], [], [], max(0, self.until - time.monotonic()))
        try:
            read = os.read(self.file, 1 << 16) if readable else b""
        except OSError:  # how Linux says that nobody is there any more
            read = b""
        self.shown += read
        for question, answer in ANSWERS.items():
            if question in read:
                os.write(self.file, answer)
        return bool(read)


@contextlib.contextmanager
def running(command, directory, environment, seconds):
    """Starts a program in a terminal. It is killed when its time is over or the caller gives up."""
    process, file = pty.fork()
    if process == 0:
        os.chdir(directory)
        os.execve(command[0], command, environment)
    fcntl.ioctl(file, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    terminal = Terminal(file, seconds)
    try:
        yield terminal
        terminal.leave()
    finally:
        # It has ended already, if all is well.
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        os.close(file)
