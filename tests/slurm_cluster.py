"""A real SLURM of a few virtual nodes on this machine: munged, slurmctld and one slurmd a node, in a folder of its own.

    with SlurmCluster() as cluster:
        subprocess.run(["sbatch", "--wrap", "hostname"], env=cluster.environment())

Needs root and Debian's packages slurm-wlm and munge; `missing()` says what is not there. With `accounting=True`
slurmdbd keeps finished jobs in a MariaDB in the same folder, which is what `sacct` answers from (slurmdbd and
mariadb-server).
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol", "scancel", "srun", "sinfo")
DATABASE_PROGRAMS = ("slurmdbd", "sacctmgr", "mariadbd", "mariadb-install-db")
# A lost node is noticed within half a minute and its jobs start again six seconds later (cred_expire); a job over its
# memory is killed within seconds.
CONFIGURATION = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket,cred_expire=5
CredType=cred/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,bf_interval=1
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SlurmdParameters=config_overrides
ReturnToService=2
SlurmctldTimeout=10
SlurmdTimeout=6
TCPTimeout=1
KillWait=2
JobRequeue=1
MinJobAge={min_job_age_s}
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
SlurmctldPidFile={folder}/slurmctld.pid
SlurmctldLogFile={folder}/slurmctld.log
StateSaveLocation={folder}/state
SlurmdPidFile={folder}/slurmd.%n.pid
SlurmdLogFile={folder}/slurmd.%n.log
SlurmdSpoolDir={folder}/spool/%n
AccountingStorageType=accounting_storage/{accounting}
{gpus}
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""
DATABASE = """\
DbdHost={host}
DbdAddr=127.0.0.1
DbdPort={port}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort={storage_port}
StorageUser=root
StorageLoc=slurm
LogFile={folder}/slurmdbd.log
PidFile={folder}/slurmdbd.pid
"""
NODE = "NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs={cpus} RealMemory={memory_mb}{gres}\n"


class SlurmError(RuntimeError):
    """A daemon did not do what was asked of it."""


def missing(accounting: bool = False) -> str:
    """Why no SLURM can be started here, as one sentence; empty where it can."""
    programs = PROGRAMS + (DATABASE_PROGRAMS if accounting else ())
    absent = [program for program in programs if shutil.which(program, path=_path()) is None]
    if absent:
        packages = "slurm-wlm munge" + (" slurmdbd mariadb-server" if accounting else "")
        return f"no SLURM here ({', '.join(absent)} not found): apt-get install {packages}"
    if os.geteuid() != 0:
        return "a SLURM can be started by root only"
    return ""


class SlurmCluster:
    """Virtual nodes n1, n2, ... with CPUs and memory (MB) each; a context manager that starts and ends them.

    The CPUs are a number that SLURM schedules by, and may be more than this machine has.
    """

    def __init__(
        self,
        nodes: int = 4,
        cpus: int = 1,
        memory_mb: int = 4000,
        gpus: int = 0,
        min_job_age_s: int = 600,
        accounting: bool = False,
    ):
        self.nodes = [f"n{number}" for number in range(1, nodes + 1)]
        self.folder = Path(tempfile.mkdtemp(prefix="slurm-", dir="/tmp"))  # short: a socket's path has 108 bytes
        self._daemons: dict[str, subprocess.Popen] = {}
        self._ports = _free_ports(3 + nodes)
        self._accounting = accounting
        self._write_configuration(cpus, memory_mb, gpus, min_job_age_s)
        # Ends what this folder started when this process does, however it ends.
        self._guard = subprocess.Popen(
            [sys.executable, __file__, str(self.folder)], stdin=subprocess.PIPE, start_new_session=True
        )

    def __enter__(self) -> "SlurmCluster":
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_) -> None:
        self.stop()

    def start(self) -> None:
        """Start every daemon and wait until all nodes are idle."""
        key = self.folder / "munge/key"
        arguments = ["--foreground", "--num-threads=2", f"--socket={self.folder}/munge/socket", f"--key-file={key}"]
        arguments += [f"--{name}={self.folder}/munge/{name}" for name in ("pid-file", "log-file", "seed-file")]
        self._run_daemon("munged", ["munged", *arguments])
        self.wait_for(lambda: Path(self.folder, "munge/socket").exists(), "munged")
        if self._accounting:
            self._start_accounting()
        self.start_controller()
        for node in self.nodes:
            self.start_node(node)
        self.wait_for_nodes()

    def stop(self) -> None:
        """End every job and daemon and remove the folder; nothing else on this machine is touched."""
        if self._guard.poll() is None:
            self._guard.stdin.close()
            self._guard.wait(60)
        for daemon in self._daemons.values():
            daemon.wait(10)

    def environment(self) -> dict[str, str]:
        """Environment in which SLURM's commands and Snakemake's plugin talk to this cluster."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("SLURM", "SBATCH_", "SRUN_"))}
        return kept | {"SLURM_CONF": str(self.folder / "slurm.conf"), "PATH": f"{self.folder}/bin:{_path()}"}

    def command(self, *arguments: str) -> str:
        """Output of one of SLURM's commands, such as ("scontrol", "show", "nodes")."""
        done = subprocess.run(arguments, env=self.environment(), capture_output=True, text=True, timeout=60)
        if done.returncode:
            raise SlurmError(f"{' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout

    def jobs(self) -> list[dict[str, str]]:
        """All jobs that the controller remembers, each with the fields of `scontrol show job`."""
        lines = self.command("scontrol", "--oneliner", "show", "jobs").splitlines()
        return [_fields(line) for line in lines if line.startswith("JobId=")]

    def states(self) -> dict[str, str]:
        """State of every node, such as idle, mixed, allocated or down*."""
        return dict(line.split() for line in self.command("sinfo", "-hN", "-o", "%N %T").splitlines())

    def wait_for_nodes(self, state: str = "idle", nodes: list[str] | None = None) -> None:
        """Wait until nodes (all of them where none are named) have a state."""
        asked = self.nodes if nodes is None else nodes
        self.wait_for(lambda: all(self.states()[node] == state for node in asked), f"nodes {asked} {state}")

    def start_controller(self) -> None:
        """Start slurmctld, which takes up the jobs of an earlier one."""
        self._run_daemon("slurmctld", ["slurmctld", "-D", "-f", str(self.folder / "slurm.conf")])
        self.wait_for(lambda: "UP" in self.command("scontrol", "ping"), "slurmctld")

    def start_node(self, node: str) -> None:
        """Start the slurmd of a node, as after a reboot."""
        # Its job's processes inherit the name, and so do those that watch over them.
        mark = {"SLURMD_NODENAME": node}
        self._run_daemon(node, ["slurmd", "-D", "-N", node, "-f", str(self.folder / "slurm.conf")], mark)

    def stop_node(self, node: str) -> None:
        """End the slurmd of a node in an orderly way; its jobs go on."""
        self._end(node, signal.SIGTERM)

    def kill_node(self, node: str) -> None:
        """Lose a node at once: its slurmd and every process of its jobs die by SIGKILL."""
        self._end(node, signal.SIGKILL)
        _kill(self.folder, node)

    def kill_daemon(self, node: str) -> None:
        """Lose the slurmd of a node at once; the processes of its jobs go on, and nobody hears of them."""
        self._end(node, signal.SIGKILL)

    def kill_controller(self) -> None:
        """Lose slurmctld at once; nodes and jobs go on, commands get no answer."""
        self._end("slurmctld", signal.SIGKILL)

    def wait_for(self, condition: Callable[[], bool], what: str, timeout_s: float = 60) -> None:
        """Wait until a condition holds; an error of SLURM's commands counts as not yet."""
        until = time.monotonic() + timeout_s
        while time.monotonic() < until:
            with contextlib.suppress(SlurmError, KeyError):
                if condition():
                    return
            for name, daemon in self._daemons.items():
                if daemon.poll() not in (None, -signal.SIGKILL, 0):
                    raise SlurmError(f"{name} ended with {daemon.returncode}:\n{self.logs()}")
            time.sleep(0.2)
        raise SlurmError(f"waited {timeout_s} s for {what} in vain:\n{self.logs()}")

    def logs(self) -> str:
        """Last lines of every daemon's log."""
        paths = sorted([*self.folder.glob("*.log"), *self.folder.glob("munge/log-file")])
        return "\n".join(f"== {path.name}\n" + "\n".join(path.read_text().splitlines()[-15:]) for path in paths)

    def _start_accounting(self) -> None:
        """Start a MariaDB of its own, slurmdbd on top of it, and register the cluster there."""
        _, port, storage_port, *_ = self._ports
        data = self.folder / "database"
        install = ["mariadb-install-db", "--no-defaults", f"--datadir={data}", "--user=root"]
        subprocess.run([*install, "--auth-root-authentication-method=normal"], check=True, capture_output=True)
        server = ["mariadbd", "--no-defaults", f"--datadir={data}", f"--socket={self.folder}/database.socket"]
        server += [f"--port={storage_port}", "--bind-address=127.0.0.1", "--user=root", "--log-warnings=0"]
        self._run_daemon("mariadbd", server)
        self.wait_for(lambda: _listens(storage_port), "mariadbd")
        settings = self.folder / "slurmdbd.conf"
        settings.touch(mode=0o600)  # slurmdbd wants it so
        host = socket.gethostname()
        settings.write_text(DATABASE.format(host=host, folder=self.folder, port=port, storage_port=storage_port))
        self._run_daemon("slurmdbd", ["slurmdbd", "-D"])
        self.wait_for(lambda: _listens(port), "slurmdbd")
        self.command("sacctmgr", "--immediate", "add", "cluster", "test")

    def _run_daemon(self, name: str, command: list[str], mark: dict[str, str] | None = None) -> None:
        variables = self.environment() | (mark or {})
        with Path(self.folder, f"{name}.out").open("ab") as output:
            self._daemons[name] = subprocess.Popen(
                command, cwd=self.folder, env=variables, stdout=output, stderr=output, start_new_session=True
            )

    def _end(self, name: str, how: signal.Signals) -> None:
        self._daemons[name].send_signal(how)
        self._daemons[name].wait(30)

    def _write_configuration(self, cpus: int, memory_mb: int, gpus: int, min_job_age_s: int) -> None:
        self.folder.chmod(0o755)  # munge wants its socket open to all users
        for part in ("munge", "state", "spool", "bin"):
            Path(self.folder, part).mkdir(mode=0o755)
        key = self.folder / "munge/key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o400)
        host = socket.gethostname()
        controller_port, database_port, _, *ports = self._ports
        accounting = f"slurmdbd\nAccountingStorageHost=127.0.0.1\nAccountingStoragePort={database_port}"
        accounting += f"\nAccountingStoragePass={self.folder}/munge/socket"  # its name of munge's socket
        text = CONFIGURATION.format(
            host=host,
            folder=self.folder,
            controller_port=controller_port,
            min_job_age_s=min_job_age_s,
            accounting=accounting if self._accounting else "none",
            gpus="GresTypes=gpu" if gpus else "",
        )
        gres = f" Gres=gpu:{gpus}" if gpus else ""
        for node, port in zip(self.nodes, ports, strict=True):
            text += NODE.format(name=node, host=host, port=port, cpus=cpus, memory_mb=memory_mb, gres=gres)
        Path(self.folder, "slurm.conf").write_text(text)
        # Snakemake's plugin takes SLURM_CONF away from the srun of a job; other clusters have /etc/slurm/slurm.conf.
        srun = Path(self.folder, "bin/srun")
        srun.write_text(f'#!/bin/sh\nSLURM_CONF={self.folder}/slurm.conf exec {shutil.which("srun")} "$@"\n')
        srun.chmod(0o755)
        if gpus:  # devices by name only: SLURM schedules them, and jobs find none
            for number in range(gpus):
                Path(self.folder, f"gpu{number}").touch()
            Path(self.folder, "gres.conf").write_text(f"Name=gpu File={self.folder}/gpu[0-{gpus - 1}]\n")


def _path() -> str:
    """Where programs are looked for: daemons stand in sbin, which not every user's PATH has."""
    return f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


def _free_ports(count: int) -> list[int]:
    """TCP ports that nothing listens on."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def _fields(line: str) -> dict[str, str]:
    """The fields of one line of `scontrol --oneliner`."""
    return dict(part.split("=", 1) for part in line.split() if "=" in part)


def _environment_of(process: int) -> dict[str, str]:
    """Environment that a process was started with; empty where it is gone or not ours to look at."""
    try:
        text = Path(f"/proc/{process}/environ").read_bytes().decode(errors="replace")
    except OSError:
        return {}
    return dict(part.split("=", 1) for part in text.split("\0") if "=" in part)


def _kill(folder: Path, node: str | None = None) -> None:
    """Kill, until none is left, the processes of a cluster or of one node; its configuration in their environment
    tells them from everything else on this machine."""
    mark = {"SLURM_CONF": str(folder / "slurm.conf")} | ({"SLURMD_NODENAME": node} if node else {})
    while found := [process for process in _other_processes() if mark.items() <= _environment_of(process).items()]:
        for process in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        time.sleep(0.05)


def _other_processes() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit() and int(path.name) != os.getpid()]


def _guard(folder: Path) -> None:
    """Wait until the process at the other end of standard input is gone, then end what the folder started."""
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)
    sys.stdin.buffer.read()
    _kill(folder)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    _guard(Path(sys.argv[1]))
