# SPDX-License-Identifier: Apache-2.0
"""Collector and analyzer each by itself, as the service manager runs them: either may be killed and started again."""
import glob
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

SKIPPED = 77
# Users that nobody has; `rand-guard run` takes the same.
COLLECTOR_USER, ANALYZER_USER = 59900, 59901
BOOT_ID = "/proc/sys/kernel/random/boot_id"
MARKER_SECONDS = 0.3


class Failure(Exception):
    """Something does not hold; the message is one sentence."""


def check(condition, what):
    if not condition:
        raise Failure(what)


def patience():
    try:
        return max(1, min(100, int(os.environ.get("RG_PATIENCE", "1"))))
    except ValueError:
        return 1


def why_not(analyzer, collector, object_file):
    """Why this host cannot be observed; None: it can."""
    if os.geteuid() != 0:
        return "loading eBPF programs takes root"
    done = subprocess.run([analyzer, "doctor", "--collector", collector, "--object", object_file],
                          capture_output=True, text=True)
    if done.returncode == 0:
        return None
    return f"this host cannot be observed; rand-guard doctor says:\n{done.stdout}{done.stderr}"


class Lines:
    """Follows what is written to the segments of a name, from now on."""

    def __init__(self, pattern):
        self.pattern = pattern
        self.read = {}
        self.new()

    def new(self):
        """The whole lines since the last call. A cut one is not taken: the next analyzer may remove it."""
        lines = []
        for path in sorted(glob.glob(self.pattern)):
            at = self.read.get(path, 0)
            if os.path.getsize(path) <= at:
                continue
            with open(path, "rb") as file:
                file.seek(at)
                text = file.read()
            text = text[:text.rfind(b"\n") + 1]
            self.read[path] = at + len(text)
            lines += text.splitlines()
        return lines

    def bytes(self):
        return sum(os.path.getsize(path) for path in glob.glob(self.pattern))


class Services:
    """`config` is text, in which {work} stands for a folder that has `log` for output and `watched` for files."""

    def __init__(self, analyzer, collector, object_file, config):
        self.analyzer, self.collector = analyzer, collector
        # As the analyzer's user, who perhaps may not enter the folder that the program is in.
        self.program = os.open(analyzer, os.O_RDONLY)
        self.work = os.path.realpath(tempfile.mkdtemp(prefix="rg-services-"))
        os.chmod(self.work, 0o755)
        self.log, self.state, self.run = (self.folder(name, ANALYZER_USER) for name in ("log", "state", "run"))
        self.watched, self.rules = self.folder("watched"), self.folder("rules.d")
        self.config, self.plan, self.object = self / "config.toml", self / "plan", self / "edr-ebpf"
        # The collector accepts no file that somebody else could have changed.
        shutil.copyfile(object_file, self.object)
        os.chmod(self.object, 0o644)
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(config.replace("{work}", self.work))
        self.users = ["--collector-user", str(COLLECTOR_USER), "--analyzer-user", str(ANALYZER_USER)]
        done = subprocess.run([analyzer, "plan", "--config", self.config, "--output", self.plan, *self.users],
                              capture_output=True, text=True)
        check(done.returncode == 0, f"there is no plan: {done.stderr}")
        os.chmod(self.plan, 0o644)
        self.boot = None  # a file that has the boot's id; None: the host's own
        self.running = {}
        self.lines = Lines(f"{self.log}/events-*.ndjson")
        self.markers = 0

    def __truediv__(self, name):
        return os.path.join(self.work, name)

    def folder(self, name, owner=0):
        path = self / name
        os.mkdir(path, 0o755)
        os.chown(path, owner, owner)
        return path

    def pretend_boot(self, boot_id):
        """Later processes find this boot's id, in mount namespaces of their own. False: that cannot be done here."""
        self.boot = self / "boot_id"
        with open(self.boot, "w", encoding="ascii") as file:
            file.write(boot_id + "\n")
        found = subprocess.run(self.in_boot(["cat", BOOT_ID]), capture_output=True, text=True).stdout.strip()
        if found != boot_id:
            self.boot = None
        return found == boot_id

    def in_boot(self, command):
        if self.boot is None:
            return command
        return ["unshare", "--mount", "sh", "-c", f'mount --bind "$0" {BOOT_ID} && exec "$@"', self.boot, *command]

    def spawn(self, name, command, **more):
        with open(self / name, "ab") as errors:
            self.running[name] = subprocess.Popen(self.in_boot(command), stdin=subprocess.DEVNULL, stderr=errors,
                                                  **more)

    def start_analyzer(self, capture=None, wait=True):
        socket = f"{self.run}/socket"
        if os.path.exists(socket):
            os.unlink(socket)  # of one that was killed
        self.spawn("analyzer", [
            "setpriv", f"--reuid={ANALYZER_USER}", f"--regid={ANALYZER_USER}", "--clear-groups", "--pdeathsig", "KILL",
            f"/proc/self/fd/{self.program}", "analyze", "--config", self.config, "--listen", socket, "--state",
            self.state, *self.users, *(["--record", capture] if capture else [])], pass_fds=(self.program,))
        if wait:
            self.wait("the analyzer's socket", lambda: os.path.exists(socket))

    def start_collector(self):
        self.spawn("collector", [self.collector, "--plan", self.plan, "--socket", f"{self.run}/socket", "--object",
                                 self.object, "--parent", str(os.getpid())])

    def signal(self, name, number):
        self.running[name].send_signal(number)

    def kill(self, name):
        process = self.running.pop(name)
        check(process.poll() is None, f"the {name} ended by itself, with {process.returncode}: {self.errors(name)}")
        process.kill()
        process.wait()

    def end(self, name):
        process = self.running.pop(name)
        process.terminate()
        try:
            status = process.wait(30 * patience())
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise Failure(f"the {name} did not end when it was asked to") from None
        check(status == 0, f"the {name} ended with {status}: {self.errors(name)}")

    def errors(self, name):
        with open(self / name, encoding="utf-8", errors="replace") as file:
            return " | ".join(file.read().splitlines()[-5:])

    def wait(self, what, condition, seconds=30):
        end = time.monotonic() + seconds * patience()
        while not condition():
            for name, process in self.running.items():
                check(process.poll() is None,
                      f"the {name} ended with {process.returncode} while {what} was waited for: {self.errors(name)}")
            check(time.monotonic() < end, f"not within {seconds * patience()} s: {what}")
            time.sleep(0.005)

    def sees(self):
        """A line about a process that is made now. One may be made too early to be seen."""
        self.markers += 1
        marker = f"services-marker-{os.getpid()}-{self.markers}"
        subprocess.run(["/bin/true", marker], check=True)
        end = time.monotonic() + MARKER_SECONDS
        while time.monotonic() < end:
            if any(marker.encode() in line for line in self.lines.new()):
                return True
            time.sleep(0.005)
        return False

    def health(self):
        """A health record that is written from now on; None: there was none in time."""
        self.lines.new()
        self.signal("analyzer", signal.SIGUSR1)
        end = time.monotonic() + MARKER_SECONDS
        while time.monotonic() < end:
            for line in self.lines.new():
                if line.startswith(b'{"event_type":"health"'):
                    return json.loads(line)
            time.sleep(0.005)
        return None

    def close(self):
        for process in self.running.values():
            process.kill()
            process.wait()
        os.close(self.program)
        shutil.rmtree(self.work, ignore_errors=True)
