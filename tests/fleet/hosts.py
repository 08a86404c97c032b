# SPDX-License-Identifier: Apache-2.0
"""Hosts as network namespaces on a bridge, each with a syslog-ng as packaging/fleet configures it."""
import os
import re
import shutil
import signal
import subprocess

ANALYZER = 64000  # user and group
SHIPPER = 64001   # user; a member of the analyzer's group, and nothing more
STORE_ADDRESS = "10.77.0.1"


def run(*command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}: {done.stdout.strip()}")
    return done.stdout


def make_network():
    """In this namespace, which is ours alone: the store's address, on a bridge to which hosts are joined."""
    os.makedirs("/run/netns", exist_ok=True)
    run("mount", "-t", "tmpfs", "none", "/run/netns")
    run("mount", "-t", "tmpfs", "none", "/var/log")
    os.mkdir("/var/log/rand-guard")
    run("ip", "link", "set", "lo", "up")
    run("ip", "link", "add", "fleet", "type", "bridge")
    run("ip", "address", "add", f"{STORE_ADDRESS}/16", "dev", "fleet")
    run("ip", "link", "set", "fleet", "up")


def configure_store(packaging, to, url, name, certificates):
    """rand-guard-store.conf with other values."""
    with open(f"{packaging}/syslog-ng/rand-guard-store.conf") as file:
        text = file.read()
    for key, value in (("store", url), ("name", name), ("certificates", certificates)):
        text, count = re.subn(rf'^(@define rand_guard_{key} )".*"$', rf'\1"{value}"', text, flags=re.MULTILINE)
        if count != 1:
            raise RuntimeError(f"rand-guard-store.conf has no rand_guard_{key}")
    with open(f"{to}/rand-guard-store.conf", "w") as file:
        file.write(text)


class Host:
    @staticmethod
    def name_of(number):
        return f"host-{number:02}"

    def __init__(self, number, work, packaging, authority, store):
        self.name = self.name_of(number)
        self.folder = f"{work}/{self.name}"
        self.log = f"{self.folder}/log"
        self.packaging, self.authority = packaging, authority
        self.shipper = None
        self.kills = 0
        self.environment = [f"{key}={value.format(name=self.name, folder=f'{self.folder}/certificates')}"
                            for key, value in store.environment.items()]
        self.port = f"h{number}"
        os.makedirs(f"{self.folder}/etc/conf.d")
        os.mkdir(self.log, 0o750)
        os.chown(self.log, ANALYZER, ANALYZER)
        os.chmod(self.log, 0o2750)  # so that files have the group from their beginning
        for part in ("state", "certificates"):
            os.mkdir(f"{self.folder}/{part}", 0o700)
            os.chown(f"{self.folder}/{part}", SHIPPER, SHIPPER)
        self.new_certificate()
        with open(f"{self.folder}/etc/syslog-ng.conf", "w") as file:
            file.write('@version: 3.38\n@include "/etc/syslog-ng/conf.d/*.conf"\n')
        for name in ("rand-guard.conf", f"rand-guard-{store.kind}.conf"):
            shutil.copy(f"{packaging}/syslog-ng/{name}", f"{self.folder}/etc/conf.d/")
        configure_store(packaging, f"{self.folder}/etc/conf.d", store.url, self.name, f"{self.folder}/certificates")
        run("ip", "netns", "add", self.name)
        run("ip", "link", "add", self.port, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        run("ip", "link", "set", self.port, "master", "fleet", "up")
        run("ip", "-n", self.name, "address", "add", f"10.77.1.{number}/16", "dev", "eth0")
        run("ip", "-n", self.name, "link", "set", "eth0", "up")

    def new_certificate(self, *options):
        run(f"{self.packaging}/certificates", *options, self.authority, "client", self.name)
        for part in ("authority.pem", f"{self.name}.pem", f"{self.name}.key"):
            to = f"{self.folder}/certificates/{part}"
            shutil.copy(f"{self.authority}/{part}", f"{to}.new")
            os.chown(f"{to}.new", SHIPPER, SHIPPER)
            os.rename(f"{to}.new", to)

    def start(self):
        """The shipper, without any right but to read what its group may read."""
        state = f"{self.folder}/state"
        script = (f"mount --bind {self.log} /var/log/rand-guard && mount --bind {self.folder}/etc /etc/syslog-ng && "
                  f"exec env {' '.join(self.environment)} setpriv --reuid {SHIPPER} --regid {SHIPPER} "
                  f"--groups {ANALYZER} --bounding-set=-all --inh-caps=-all --no-new-privs "
                  f"syslog-ng --foreground --stderr --no-caps --cfgfile=/etc/syslog-ng/syslog-ng.conf "
                  f"--persist-file={state}/persist --pidfile={state}/pid --control={state}/control")
        with open(f"{self.folder}/syslog-ng.log", "a") as log:
            self.shipper = subprocess.Popen(["ip", "netns", "exec", self.name, "sh", "-c", script],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def end(self, how=signal.SIGTERM):
        self.shipper.send_signal(how)
        self.shipper.wait(timeout=60)
        self.shipper = None

    def kill(self):
        if self.shipper.poll() is not None:
            raise RuntimeError(f"{self.name}: syslog-ng has ended by itself with {self.shipper.returncode}; "
                               f"{self.folder}/syslog-ng.log")
        self.end(signal.SIGKILL)
        self.kills += 1

    def cut(self):
        run("ip", "link", "set", self.port, "down")

    def join(self):
        run("ip", "link", "set", self.port, "up")

    def remove(self):
        if self.shipper is not None:
            self.end(signal.SIGKILL)
        run("ip", "link", "delete", self.port)
        run("ip", "netns", "delete", self.name)
