# One of the servers that `dns.ts` compares: Twisted Names. Its arguments are how many hosts there are.
import sys

from twisted.internet import reactor
from twisted.names import dns, server
from twisted.names.authority import FileAuthority

ZONE = b"bench.test"


class MemoryAuthority(FileAuthority):
    def __init__(self, hosts):
        soa = dns.Record_SOA(b"ns." + ZONE, b"hostmaster." + ZONE, 1, 7200, 900, 1209600, 60)
        self.soa = (ZONE, soa)
        self.records = {ZONE: [soa, dns.Record_NS(b"ns." + ZONE)]}
        for index in range(hosts):
            address = "10.%d.%d.%d" % (index >> 16, (index >> 8) & 255, index & 255)
            self.records[b"host-%d." % index + ZONE] = [dns.Record_A(address, 60)]
        self._cache = {}
        from twisted.names import common

        common.ResolverBase.__init__(self)


factory = server.DNSServerFactory(authorities=[MemoryAuthority(int(sys.argv[1]))])
port = reactor.listenUDP(0, dns.DNSDatagramProtocol(factory), interface="127.0.0.1")
print(port.getHost().port, flush=True)
reactor.run()
