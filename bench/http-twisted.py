# One of the servers that `http.ts` compares: Twisted Web.
import json

from twisted.internet import reactor
from twisted.internet.interfaces import IPullProducer
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Site
from zope.interface import implementer

CHUNK = b"a" * 65536


class Hello(Resource):
    def render_GET(self, request):
        request.setHeader(b"content-type", b"text/plain")
        return b"hello, world\n"


class User(Resource):
    def __init__(self, name):
        super().__init__()
        self.name = name

    def render_GET(self, request):
        request.setHeader(b"content-type", b"application/json")
        user = {
            "id": self.name.decode(),
            "name": "Ada Lovelace",
            "email": "ada@example.net",
            "admin": False,
            "tags": ["a", "b"],
        }
        return json.dumps(user, separators=(",", ":")).encode()


class Users(Resource):
    def getChild(self, name, request):
        return User(name)


class Echo(Resource):
    def render_POST(self, request):
        request.setHeader(b"content-type", b"application/octet-stream")
        return request.content.read()


@implementer(IPullProducer)
class Pieces:
    def __init__(self, request, piece, count):
        self.request, self.piece, self.left = request, piece, count

    def resumeProducing(self):
        self.request.write(self.piece)
        self.left -= 1
        if self.left == 0:
            self.stopProducing()
            self.request.finish()

    def stopProducing(self):
        self.request.unregisterProducer()


class Stream(Resource):
    def __init__(self, piece, count):
        super().__init__()
        self.piece, self.count = piece, count

    def render_GET(self, request):
        request.setHeader(b"content-type", b"application/octet-stream")
        request.setHeader(b"content-length", b"%d" % (len(self.piece) * self.count))
        request.registerProducer(Pieces(request, self.piece, self.count), False)
        return NOT_DONE_YET


root = Resource()
root.putChild(b"", Hello())
root.putChild(b"users", Users())
root.putChild(b"echo", Echo())
streams = Resource()
streams.putChild(b"64k", Stream(CHUNK[:16384], 4))
streams.putChild(b"10m", Stream(CHUNK, 160))
root.putChild(b"stream", streams)

port = reactor.listenTCP(0, Site(root, timeout=None), interface="127.0.0.1")
print(port.getHost().port, flush=True)
reactor.run()
