"""A Python that has imported torch and Snakemake already, so that real runs in tests are fast.

Nearly all that a run of a tiny workflow computes is the start of its jobs: 1.6 s each, of which torch takes 1.3 s.
Here one process imports the large libraries and waits; each Snakemake, and each job of it, is a copy (fork) of that
process with arguments, folder, environment and open files of its own. Each job imports the project's library itself.
Tests of a cluster and of faults start jobs as a user does, and one of test_reruns compares the bytes of both ways.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

PRELOADED = ("torch", "scipy.stats", "pandas", "pyarrow.parquet", "matplotlib.pyplot", "pydantic", "snakemake.cli")


class WarmPython:
    """Starts the waiting process; ``executable`` is used like ``python -m module …`` or ``python script.py …``."""

    def __init__(self, environment: dict[str, str]):
        self.folder = tempfile.TemporaryDirectory(prefix="warm_python_")
        self.executable = Path(self.folder.name) / "python"
        address = Path(self.folder.name) / "socket"
        self.executable.write_text(f'#!/bin/sh\nexec "{sys.executable}" -IS "{__file__}" ask "{address}" "$@"\n')
        self.executable.chmod(0o755)
        command = [sys.executable, __file__, "serve", str(address), str(self.executable)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, start_new_session=True
        )
        if self.process.stdout.readline() != b"ready\n":
            raise RuntimeError("the process that waits for jobs of tests did not start; its error is above")

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()
        self.folder.cleanup()


def serve(address: str, executable: str) -> None:
    """Fork a process for each request, until standard input ends."""
    import gc
    import importlib
    import select

    for name in PRELOADED:
        importlib.import_module(name)
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the processes that end
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen(64)
        print("ready", flush=True)
        while True:
            ready, _, _ = select.select([listener, sys.stdin], [], [])
            if sys.stdin in ready:
                break
            connection, _ = listener.accept()
            if os.fork() == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                listener.close()
                sys.executable = executable
                answer(connection)
            connection.close()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.killpg(0, signal.SIGTERM)  # of a test that was interrupted


def answer(connection: socket.socket) -> None:
    """Be the process that a request asks for, and send its exit status."""
    import atexit
    import runpy

    message, files, _, _ = socket.recv_fds(connection, 1 << 16, 3)
    while part := connection.recv(1 << 16):
        message += part
    request = json.loads(message)
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    status = 0
    try:
        if request["arguments"][0] == "-m":
            sys.argv, sys.path[0] = request["arguments"][1:], request["folder"]
            runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
        else:
            sys.argv, sys.path[0] = request["arguments"], str(Path(request["arguments"][0]).parent)
            runpy.run_path(sys.argv[0], run_name="__main__")
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        status = 1
    with contextlib.suppress(BaseException):
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    connection.sendall(bytes([status & 255]))
    os._exit(status)


def ask(address: str, *arguments: str) -> int:
    """Have a process started with the arguments, folder, environment and files of this one; its exit status."""
    request = {"arguments": arguments, "folder": str(Path.cwd()), "environment": dict(os.environ)}
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(address)
        message = json.dumps(request).encode()
        sent = socket.send_fds(connection, [message], [0, 1, 2])
        connection.sendall(message[sent:])
        connection.shutdown(socket.SHUT_WR)
        status = connection.recv(1)
    return status[0] if status else 1  # 1 of a process that was killed


if __name__ == "__main__":
    role, *given = sys.argv[1:]
    sys.exit({"serve": serve, "ask": ask}[role](*given))
