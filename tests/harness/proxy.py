# SPDX-License-Identifier: Apache-2.0
"""
A proxy between a daemon and PostgreSQL that knows where a transaction's answer ends, and can delay it, drop it,
or cut the connection there. A connection that has once sent `usher.record` is a lane; the others are left alone
unless told otherwise.
"""
import pathlib
import socket
import struct
import threading


class Link:
    """One connection through the proxy."""

    def __init__(self, proxy, front):
        self.proxy = proxy
        self.front = front
        self.back = socket.socket(socket.AF_UNIX)
        self.back.connect(proxy.target)
        self.lane = False
        self.started = False
        self.closed = False
        for source, target, handle in ((front, self.back, self._forward), (self.back, front, self._answer)):
            threading.Thread(target=self._pump, args=(source, target, handle), daemon=True).start()

    def _pump(self, source, target, handle):
        try:
            while True:
                data = source.recv(65536)
                if not data:
                    break
                handle(target, data)
        except OSError:
            pass
        self.close()

    def _forward(self, target, data):
        if b"usher.record" in data:
            self.lane = True
        self.proxy.open.wait()
        target.sendall(data)

    def _answer(self, target, data):
        """Cuts the server's stream into its messages: a byte for the type, four for the length."""
        self.pending = getattr(self, "pending", b"") + data
        while len(self.pending) >= 5:
            length = 1 + struct.unpack("!I", self.pending[1:5])[0]
            if len(self.pending) < length:
                return
            message, self.pending = self.pending[:length], self.pending[length:]
            if message[:1] == b"Z" and not self.started:
                self.started = True
            elif message[:1] == b"Z" and self.lane and not self.proxy.at_sync(self):
                continue
            self.proxy.open.wait()
            target.sendall(message)

    def close(self):
        if self.closed:
            return
        self.closed = True
        for end in (self.front, self.back):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()
        self.proxy.links.discard(self)


class Proxy:
    """
    Listens in `directory` as a PostgreSQL server would. What it does to a lane's sync results:
    `pass` them on, `drop` them, `cut` the connection in their place, `hold` them until told otherwise.
    """

    def __init__(self, cluster, directory):
        self.target = str(pathlib.Path(cluster.socket_directory) / f".s.PGSQL.{cluster.port}")
        self.directory = directory
        self.cluster = cluster
        self.links = set()
        self.open = threading.Event()  # cleared: frozen, nothing goes either way
        self.open.set()
        self.refusing = False
        self.syncs_seen = 0
        self._mode = "pass"
        self._changed = threading.Condition()
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(directory / f".s.PGSQL.{cluster.port}"))
        (directory / f".s.PGSQL.{cluster.port}").chmod(0o777)
        self.listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def conninfo(self):
        return self.cluster.conninfo(host=self.directory)

    def _accept(self):
        while True:
            try:
                front, _ = self.listener.accept()
            except OSError:
                return
            if self.refusing:
                front.close()
                continue
            try:
                self.links.add(Link(self, front))
            except OSError:
                front.close()

    def at_sync(self, link):
        """Called where a lane's sync result would pass; whether it does."""
        with self._changed:
            self.syncs_seen += 1
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._mode != "hold")
            mode = self._mode
        if mode == "cut":
            link.close()
        return mode == "pass"

    def mode(self, mode):
        assert mode in ("pass", "drop", "cut", "hold")
        with self._changed:
            self._mode = mode
            self._changed.notify_all()

    def wait_for_sync(self, seen, seconds=20):
        """Waits until more sync results than `seen` have come by."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.syncs_seen > seen, seconds), "no sync result came by"

    def freeze(self):
        self.open.clear()

    def thaw(self):
        self.open.set()

    def cut(self):
        """Every connection, at once."""
        for link in list(self.links):
            link.close()

    def away(self):
        """The database cannot be reached."""
        self.refusing = True
        self.cut()

    def back(self):
        self.refusing = False

    def close(self):
        self.mode("pass")
        self.thaw()
        self.listener.close()
        self.cut()
