"""Going on with a reproduction for some hours: experiment after experiment, by Snakemake."""

import signal
import subprocess
import sys
import time
from collections.abc import Sequence

from richlazy import reproduction, wording
from richlazy.adoption import planning


class Reproduction:
    """What is trained in one call.

    Args:
        options: of Snakemake.
        hours: until no job is started any more.
    """

    def __init__(self, options: Sequence[str], hours: float) -> None:
        self.options, self.ends = options, time.monotonic() + 3600 * hours
        with planning.configured(options) as workflow:
            names = workflow.globals
            self.plan, self.reference, register = names["plan"], names["REFERENCE"], names["CLAIMS"]
        self.waiting = reproduction.waiting_claims(register, reproduction.verdicts_of(self.reference))

    def table(self) -> list[str]:
        """Lines on how far everything is."""
        return reproduction.table(self.plan, self.waiting)

    def go_on(self) -> list[str]:
        """Build one experiment after another; names of those that are complete."""
        complete: list[str] = []
        passed_over: set[str] = set()
        while (left := self.ends - time.monotonic()) > 0:
            factor = reproduction.speed(self.plan) or 1.0
            unfinished = [
                one
                for one in reproduction.standings(self.plan, self.waiting)
                if one.missing and one.experiment not in passed_over
            ]
            fitting = [one for one in unfinished if one.longest_s * factor <= left]
            if not fitting:
                for one in unfinished:
                    lasts = wording.duration(one.longest_s * factor)
                    print(f"{one.experiment} waits for a longer call: one of its networks takes {lasts}.", flush=True)
                break
            name = fitting[0].experiment
            print(f"\n{name}: {wording.counted(fitting[0].missing, 'network')} to train.", flush=True)
            if self.snakemake(left, name) == 0:
                complete.append(name)
            passed_over.add(name)
        return complete

    def snakemake(self, seconds: float, *targets: str) -> int:
        """Exit status of Snakemake, which is asked to start no job any more when the time is over."""
        running = subprocess.Popen([sys.executable, "-m", "snakemake", *self.options, "--", *targets])
        try:
            return running.wait(seconds)
        except subprocess.TimeoutExpired:
            print("The time is over. Networks that are being trained are finished first.", flush=True)
            running.send_signal(signal.SIGTERM)
            return running.wait()
        except KeyboardInterrupt:  # Snakemake has it, too
            running.wait()
            raise

    def publish(self, complete: Sequence[str]) -> int:
        """Exit status of publishing some experiments."""
        chosen = f"experiments_to_publish=[{', '.join(complete)}]"
        options = list(self.options)
        if "--config" in options:  # the last one alone counts
            options.insert(options.index("--config") + 1, chosen)
        else:
            options += ["--config", chosen]
        return subprocess.run([sys.executable, "-m", "snakemake", *options, "--", "publish_reference"]).returncode
