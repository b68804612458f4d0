"""What is measured: processes that speak GradBench's protocol."""
import json
import os
import pathlib
import select
import subprocess
import time

FOLDER = pathlib.Path(__file__).parent.parent
CPP = ("cpp", "cpp-fast", "eigen", "openblas", "onednn")


class Missing(Exception):
    """A peer that is not on this machine, and why."""


class Failed(Exception):
    """A tool that answered with an error, or not at all."""


def command_of(name, build, venv):
    if name == "descent":
        return [build / "benchmarks/bench-descent"] + [FOLDER / suite for suite in ("gradbench", "training", "kernels")]
    if name in CPP:
        return [build / "benchmarks/bench-cpp", name]
    return [venv / "bin/python", FOLDER / "peers/python/tool.py", name]


class Tool:
    """A process that is asked and answers, until it is closed or does not answer in so many seconds."""

    def __init__(self, name, settings):
        self.name, self.limit, self.peak, self.next_id, self.lost = name, settings.limit, 0, 0, False
        command = command_of(name, settings.build, settings.venv)
        if not command[0].exists():
            raise Missing(f"{command[0]} is not there")
        # Threads of OpenMP that spin while others are measured would be measured with them. The same code is
        # compiled each time, not found on disk.
        environment = os.environ | {"OMP_WAIT_POLICY": "passive", "PYTHONDONTWRITEBYTECODE": "1",
                                    "DESCENT_CACHE_DIR": ""}
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True, env=environment)
        self.title = self.ask(kind="start").get("tool", name)

    def ask(self, **message):
        message["id"] = self.next_id
        self.next_id += 1
        try:
            self.process.stdin.write(json.dumps(message) + "\n")
            self.process.stdin.flush()
            in_time = select.select([self.process.stdout], [], [], self.limit)[0]
            line = self.process.stdout.readline() if in_time else ""
        except BrokenPipeError:
            in_time, line = True, ""
        if not line:
            self.lost = True
            self.process.kill()
            raise Failed(f"{self.name} ended without an answer" if in_time else f"no answer within {self.limit} s")
        answer = json.loads(line)
        if answer.get("success") is False:
            raise Failed(answer.get("error", "no reason given"))
        return answer

    def define(self, module):
        try:
            self.ask(kind="define", module=module)
        except Failed as failure:
            raise Missing(str(failure).splitlines()[0])

    def evaluate(self, module, function, given):
        return self.ask(kind="evaluate", module=module, function=function, input=given)

    def processor_ticks(self):
        """Hundredths of a second that its threads have run."""
        try:
            fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0
        return int(fields[11]) + int(fields[12])

    def await_idle(self):
        """Waits until its threads sleep: those of OpenMP look for work for up to 0.2 s after the last loop."""
        before = self.processor_ticks()
        for _ in range(20):
            time.sleep(0.03)
            now = self.processor_ticks()
            if now == before:
                return
            before = now

    def peak_memory(self):
        """The most memory that the process has had. (What getrusage tells of it includes this process, which it was
        copied from.)"""
        try:
            status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        except OSError:
            return 0
        return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:")), 0)

    def close(self):
        """Ends the process; `peak` is then the most memory it had, in bytes."""
        if self.process.returncode is None:
            self.peak = self.peak_memory()
            try:
                self.process.stdin.close()
            except BrokenPipeError:
                pass  # it has ended
            self.process.wait()
            self.process.stdout.close()


def message_for(case, tool, files):
    """The input of a case as that tool takes it."""
    values = {}
    for name, description in case.fields["inputs"].items():
        if name in files:
            values[name] = {"npy": str(files[name])}
        else:
            values[name] = case.sizes.get(description, description) if isinstance(description, str) else description
    if case.fields["function"] == "run" and tool == "descent":
        return {"data": {name: str(path) for name, path in files.items()}, "set": {"steps": case.sizes["steps"]},
                "values": case.fields["values"], "steps": case.sizes["steps"]}
    return values | {"precision": case.precision}
