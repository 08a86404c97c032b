# SPDX-License-Identifier: Apache-2.0
"""The agent and its load, as measurements run them."""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

from . import host

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# The record that an event comes from. No workload makes the events that are missing here.
KIND_OF = {
    "process_start": "process_exec",
    "process_relationship": "process_fork",
    "process_exit": "process_exit",
    "file_open": "file_open",
    "file_write": "file_write",
    "network_bind": "network_bind",
    "network_listen": "network_listen",
    "network_connect": "network_connect",
    "network_accept": "network_accept",
    "network_close": "network_close",
}

CONFIG = """
[events]
network = true
[file]
watch_paths = ["{watched}"]
watch_patterns = []
exclude_paths = []
[network]
enabled = true
[performance]
max_events_per_second = 0
"""


class Failure(Exception):
    """The measurement cannot be made; the message says why and what helps."""


def need_root():
    if os.geteuid() != 0:
        raise Failure("loading eBPF programs takes root: run it with sudo")


def git(*words, cwd=ROOT):
    done = subprocess.run(["git", *words], cwd=cwd, capture_output=True, text=True)
    if done.returncode != 0:
        raise Failure(f"git {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout.strip()


def revision():
    """The commit that is measured, with a mark if there is more than it."""
    try:
        return git("describe", "--always", "--dirty")
    except (Failure, OSError):
        return "unknown"


def build(root=ROOT):
    """Builds a checkout, in its build/, and returns that folder."""
    subprocess.run([os.path.join(root, "scripts/build")], check=True, stdout=sys.stderr)
    return os.path.join(root, "build")


def build_revision(ref):
    """Builds another revision, in a worktree of its own in the cache, and returns its build folder."""
    commit = git("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
    cache = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "rand-guard")
    checkout = os.path.join(cache, "compare", commit)
    if not os.path.exists(os.path.join(checkout, "meson.build")):
        git("worktree", "prune")
        git("worktree", "add", "--detach", checkout, commit)
    return build(checkout)


class Work:
    """A temporary folder: `watched` and `unwatched` for files, and what the agent needs."""

    def __init__(self):
        # A short name, because deeper files cost more: their paths are longer.
        self.path = os.path.realpath(tempfile.mkdtemp(prefix="rg-"))
        os.chmod(self.path, 0o755)
        self.watched = os.path.join(self.path, "w")
        self.unwatched = os.path.join(self.path, "u")
        for folder in (self.watched, self.unwatched):
            os.mkdir(folder)

    def close(self):
        shutil.rmtree(self.path, ignore_errors=True)

    def __truediv__(self, name):
        return os.path.join(self.path, name)


class Agent:
    """`rand-guard run`, from when it sees what happens until stop()."""

    def __init__(self, build_folder, work, extra_config=""):
        self.work = work
        self.output = work / "out.ndjson"
        self.errors = work / "stderr"
        config, collector_object = work / "config.toml", work / "edr-ebpf"
        for path in (self.output, self.errors):
            if os.path.exists(path):
                os.unlink(path)
        with open(config, "w", encoding="utf-8") as file:
            file.write(CONFIG.format(watched=work.watched) + extra_config)
        # The collector accepts no file that somebody else could have changed.
        shutil.copyfile(os.path.join(build_folder, "ebpf/edr-ebpf"), collector_object)
        os.chmod(collector_object, 0o644)
        with open(self.errors, "wb") as errors:
            self.process = subprocess.Popen(
                [os.path.join(build_folder, "analyzer/rand-guard"), "run", "--config", config, "--object",
                 collector_object, "--output", self.output], stderr=errors)
        self.pids = {}
        try:
            if not host.wait_until(self._sees, 30):
                raise Failure("the agent sees nothing: " + host.read_text(self.errors).strip())
            self._find_children()
        except BaseException:
            self.stop()
            raise

    def _sees(self):
        if self.process.poll() is not None:
            raise Failure("the agent ended: " + host.read_text(self.errors).strip())
        probe = subprocess.Popen(["/bin/true"])
        probe.wait()
        mark = f'"pid":{probe.pid},'
        return host.wait_until(
            lambda: os.path.exists(self.output) and any(
                line.startswith('{"event_type":"process_start"') and mark in line
                for line in host.read_text(self.output).splitlines()), 0.3)

    def _find_children(self):
        children = host.read_text(f"/proc/{self.process.pid}/task/{self.process.pid}/children").split()
        for pid in map(int, children):
            name = host.read_text(f"/proc/{pid}/comm").strip()
            self.pids["analyzer" if name == "rand-guard" else "collector"] = pid
        if len(self.pids) != 2:
            raise Failure("the agent's two processes were not found")

    def cpu_ns(self):
        return {name: host.cpu_ns(pid) for name, pid in self.pids.items()}

    def resident_kb(self):
        return {name: host.resident_kb(pid) for name, pid in self.pids.items()}

    def ask_health(self):
        self.process.send_signal(signal.SIGUSR1)

    def programs(self):
        return host.programs(host.program_ids(self.pids["collector"]))

    def wait_idle(self, seconds=15):
        """Until it has worked off what there was: a quarter of a second with next to no CPU time."""
        def idle():
            before = sum(self.cpu_ns().values())
            time.sleep(0.25)
            return sum(self.cpu_ns().values()) - before < 10_000_000
        if not host.wait_until(idle, seconds):
            raise Failure("the agent is still busy long after the load has ended")

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise Failure("the agent did not end when it was asked to") from None
        return self.process.returncode


class Load:
    """Generators, ready to go. `build_folder` is where this checkout's tools are."""

    def __init__(self, build_folder, workload, folder, seconds, rate=0, loops=1):
        command = [os.path.join(build_folder, "tests/bench/load"), workload, "--folder", folder, "--seconds",
                   str(seconds), "--wait"]
        if rate:
            command += ["--rate", str(max(1, rate // loops))]
        self.children = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
                         for _ in range(loops)]
        self.pids = [child.pid for child in self.children]

    def run(self):
        """All of them, to their end; returns what each says."""
        for child in self.children:
            child.stdin.write("\n")
            child.stdin.flush()
        results = []
        for child in self.children:
            text, _ = child.communicate()
            if child.returncode != 0:
                raise Failure("the load generator failed")
            results.append(json.loads(text))
        return results

    def close(self):
        for child in self.children:
            if child.poll() is None:
                child.kill()
            child.wait()


class Sampler(threading.Thread):
    """Resident memory while something runs, and a health record now and then."""

    def __init__(self, agent):
        super().__init__(daemon=True)
        self.agent = agent
        self.most = {}
        self.together = 0
        self.done = threading.Event()
        self.start()

    def run(self):
        ticks = 0
        while not self.done.wait(0.1):
            now = self.agent.resident_kb()
            self.together = max(self.together, sum(now.values()))
            for name, kb in now.items():
                self.most[name] = max(self.most.get(name, 0), kb)
            ticks += 1
            if ticks % 10 == 0:
                self.agent.ask_health()

    def stop(self):
        self.done.set()
        self.join()


def read_output(build_folder, path, pids, reports=None):
    """Counts the events of these processes in an output that nobody writes any more."""
    command = [os.path.join(build_folder, "tests/bench/read_lines"), path]
    for pid in pids:
        command += ["--pid", str(pid)]
    if reports:
        command += ["--reports", reports]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def add_up(counts):
    total = {}
    for part in counts:
        for key, value in part.items():
            total[key] = total.get(key, 0) + value
    return total


def printed_by_kind(reading):
    return add_up({KIND_OF[event]: count} for event, count in reading["events"].items() if event in KIND_OF)
