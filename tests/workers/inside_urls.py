"""Addresses that lead inside, or nowhere, dressed as web addresses; ``{port}`` is where a listener waits."""

from __future__ import annotations

IPV4 = [
    "127.0.0.1", "127.0.0.2", "127.255.255.254", "127.0.0.1.", "0.0.0.0", "0.1.2.3", "10.0.0.1",
    "10.255.255.254", "172.16.0.1", "172.31.255.254", "192.168.0.1", "192.168.1.254", "169.254.169.254",
    "169.254.170.2", "169.254.0.1", "100.64.0.1", "100.100.100.200", "100.127.255.254", "192.0.0.1",
    "192.0.2.1", "198.18.0.1", "198.19.255.254", "198.51.100.7", "203.0.113.9", "224.0.0.1",
    "239.255.255.250", "240.0.0.1", "255.255.255.255",
]  # fmt: skip

# What inet_aton takes: fewer parts, octal, hexadecimal, one number.
OLD_SPELLINGS = [
    "127.1", "127.0.1", "0", "0x0", "2130706433", "017700000001", "0x7f000001", "0x7F000001", "0x7f.1",
    "0x7f.0x0.0x0.0x1", "0177.0.0.1", "0177.1", "127.0.0.0x1", "127.0.0.01", "10.1", "0xa.1", "167772161",
    "3232235521", "0300.0250.0.1", "0xc0a80001", "2886729729", "1681915905", "2852039166", "0xa9fea9fe",
    "0251.0376.0251.0376", "169.254.43518", "0xa9.254.0251.254",
]  # fmt: skip

IPV6 = [
    "[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[0000:0000:0000:0000:0000:0000:0000:0001]", "[::127.0.0.1]",
    "[::10.0.0.1]", "[::a9fe:a9fe]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::FFFF:10.0.0.1]",
    "[::ffff:172.16.0.1]", "[::ffff:192.168.0.1]", "[::ffff:100.64.0.1]", "[::ffff:169.254.169.254]",
    "[::ffff:0.0.0.0]", "[fe80::1]", "[fe80::1%25lo]", "[febf::1]", "[fc00::1]", "[fd00::1]",
    "[fd00:ec2::254]", "[fdff::1]", "[fec0::1]", "[ff02::1]", "[ff05::2]", "[ff0e::1]", "[64:ff9b::7f00:1]",
    "[64:ff9b::10.0.0.1]", "[64:ff9b::a9fe:a9fe]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]",
    "[2002:a9fe:a9fe::1]", "[2002:c0a8:1::1]", "[2001:0:4136:e378:8000:63bf:80ff:fffe]", "[2001:db8::1]",
    "[2001:2::1]", "[2001:10::1]", "[100::1]",
]  # fmt: skip

# What a resolver inside or outside might say about them.
NAMES = {
    "localhost": ["127.0.0.1"],
    "localhost.": ["127.0.0.1"],
    "LOCALHOST": ["127.0.0.1"],
    "ip6-localhost": ["::1"],
    "localtest.example": ["127.0.0.1"],
    "127.0.0.1.wildcard.example": ["127.0.0.1"],
    "printer.local": ["192.168.1.9"],
    "router.lan": ["192.168.0.1"],
    "host.docker.internal": ["172.17.0.1"],
    "kubernetes.default.svc": ["10.96.0.1"],
    "metadata.google.internal": ["169.254.169.254"],
    "instance-data": ["169.254.169.254"],
    "redis": ["10.0.0.7"],
    "shared-space.example": ["100.64.0.9"],
    "six.example": ["fd00::7"],
    "mapped.example": ["::ffff:10.0.0.1"],
    "linked.example": ["fe80::1%lo"],
    "mixed.example": ["93.184.215.14", "10.0.0.1"],
    "mixed-six.example": ["2606:2800:21f:cb07:6820:80da:af6b:8b2c", "::1"],
    "xn--lcalhost-54a.example": ["127.0.0.1"],
}

# No web address, or one that is read in two ways.
NO_ADDRESS = [
    "", "//evil/", "///127.0.0.1/", "http://", "http:///v1", "http:///127.0.0.1:{port}/",
    "http:127.0.0.1:{port}",
    "http:/127.0.0.1:{port}", "127.0.0.1:{port}/v1", "example.com/v1", "http://[::1/", "http://[127.0.0.1]/",
    "http://user@example.com/", "http://user:pass@127.0.0.1:{port}/", "http://example.com@127.0.0.1:{port}/",
    "http://example.com:80@127.0.0.1:{port}/", "http://127.0.0.1:{port}@example.com/", "http://@127.0.0.1:{port}/",
    "http://example.com#@127.0.0.1:{port}/", "http://example.com?@127.0.0.1:{port}/",
    "http://example.com\\@127.0.0.1:{port}/", "http://127.0.0.1:{port}\\@example.com/",
    "http://exa mple.com/", "http://127.0.0.1:{port}/\r\nX: y", "http://127.0.0.1:{port}/\tx",
    "http://127.0.0.1\x00:{port}/", "http://example.com:0/", "http://127.0.0.1:22/", "http://127.0.0.1:25/",
    "http://127.0.0.1:99999/", "http://127.0.0.1:x/", "http://127.0.0.1:{port}/?q=1", "http://127.0.0.1:{port}/#x",
    "http://\u2460\u2461\u2466.0.0.1:{port}/", "http://\u24dbocalhost:{port}/", "http://127\u30020\u30020\u30021/",
    "http://\uff11\uff12\uff17.0.0.1:{port}/", "http://localho\u017ft:{port}/", "file:///etc/passwd",
    "gopher://127.0.0.1:{port}/", "ftp://127.0.0.1:{port}/", "dict://127.0.0.1:{port}/",
    "ldap://127.0.0.1:{port}/", "tftp://127.0.0.1:{port}/", "sftp://127.0.0.1:{port}/", "ws://127.0.0.1:{port}/",
    "wss://127.0.0.1:{port}/", "unix:///var/run/docker.sock", "http+unix://%2Fvar%2Frun%2Fdocker.sock/v1",
    "jar:http://127.0.0.1:{port}!/", "data:,x", "javascript:1",
]  # fmt: skip

INSIDE = [f"http://{host}:{{port}}/v1" for host in [*IPV4, *OLD_SPELLINGS, *IPV6, *NAMES]]
INSIDE += [
    "HTTP://127.0.0.1:{port}/v1", "https://127.0.0.1:{port}/v1", "http://127.0.0.1/v1",
    "http://169.254.169.254/latest/meta-data", "http://127.0.0.1:6379/", "http://127.0.0.1:5432/",
    "http://%31%32%37.0.0.1:{port}/v1", "http://127%2e0.0.1:{port}/v1", "http://127.0.0.1:{port}/%0d%0aX:y",
]  # fmt: skip
