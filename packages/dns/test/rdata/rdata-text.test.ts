import { expect, test } from 'vitest';
import { Name } from '../../src/name.ts';
import { parseType } from '../../src/numbers.ts';
import { checkRdata } from '../../src/rdata/rdata.ts';
import { rdataFromText, rdataToText } from '../../src/rdata/rdata-text.ts';

const net = Buffer.from('\x07example\x03net\0').toString('hex');

/** Type, text as it is printed, and its octets in hexadecimal where a standard or another server gave them. */
const samples: readonly (readonly [type: string, text: string, wire?: string])[] = [
  ['A', '192.0.2.1', 'c0000201'],
  ['NS', 'ns1.example.net.', `036e7331${net}`],
  ['MD', 'host.example.net.'],
  ['MF', 'host.example.net.'],
  ['CNAME', '.', '00'],
  [
    'SOA',
    'ns1.example.net. host\\.master.example.net. 2026112301 7200 900 1209600 60',
    `036e7331${net}0b686f73742e6d6173746572${net}78c4052d00001c2000000384001275000000003c`,
  ],
  ['MB', 'host.example.net.'],
  ['MG', 'host.example.net.'],
  ['MR', 'host.example.net.'],
  ['WKS', '192.0.2.1 6 25 80', 'c0000201060000004000000000000080'],
  ['PTR', 'host.example.net.'],
  ['HINFO', '"PDP-11/70" "UNIX"', '095044502d31312f373004554e4958'],
  ['MINFO', 'owner.example.net. errors.example.net.'],
  ['MX', '10 mail.example.net.', `000a046d61696c${net}`],
  ['TXT', '"v=spf1 -all" "a \\"b\\" \\\\ \\000\\255;"'],
  ['RP', 'louie\\.trantor.example.net. lam1.people.example.net.'],
  ['AFSDB', '1 afs.example.net.'],
  ['X25', '"311061700956"'],
  ['ISDN', '"150862028003217" "004"'],
  ['ISDN', '"150862028003217"'],
  ['RT', '2 relay.example.net.'],
  [
    'NSAP',
    '0x47000580005a0000000001e133ffffff00016100',
    '47000580005a0000000001e133ffffff00016100',
  ],
  ['NSAP-PTR', 'host.example.net.'],
  [
    'SIG',
    'NXT 1 3 3600 20000102030405 19961211100908 2143 foo.nil. MxFcby9k/yvedMfQgKzhH5er0Mu/vILz45IkskceFGgiWCn/GxHhai6VAuHAoNUz4YoU1tVfSCSqQYn6//11U6Nld80jEeC8aTrO+KKmCaY=',
  ],
  [
    'KEY',
    '512 255 1 AQMFD5raczCJHViKtLYhWGz8hMY9UGRuniJDBzC7w0aRyzWZriO6i2odGWWQVucZqKVsENW91IOW4vqudngPZsY3GvQ/xVA8/7pyFj6b7Esga60zyGW6LFe9r8n6paHrlG5ojqf0BaqHT+8=',
  ],
  ['PX', '10 map822.example.net. mapx400.example.net.'],
  ['GPOS', '"-22.6882" "116.8652" "250.0"'],
  ['AAAA', '2001:db8::1', '20010db8000000000000000000000001'],
  [
    'LOC',
    '52 22 23.000 N 4 53 32.000 E -2.00m 1.00m 10000.00m 10.00m',
    '001216138b3cf018810cbce0009895b8',
  ],
  ['EID', '1289AB', '1289ab'],
  ['NIMLOC', '1289AB', '1289ab'],
  ['SRV', '0 5 5060 sip.example.net.', `0000000513c403736970${net}`],
  ['NAPTR', '100 50 "s" "z3950+I2L+I2C" "" _z3950._tcp.gatech.edu.'],
  ['NAPTR', '100 10 "" "" "!^urn:cid:.+@([^\\\\.]+\\\\.)(.*)$!\\\\2!i" .'],
  ['KX', '10 kx.example.net.'],
  ['CERT', 'PKIX 65535 5 AQIDBA==', '0001ffff0501020304'],
  ['A6', '0 2001:db8::1'],
  ['A6', '64 ::3:4:5:6 subnet.example.net.'],
  ['A6', '128 subnet.example.net.'],
  ['DNAME', 'other.example.net.'],
  ['SINK', '8 0 2 l4ik'],
  ['APL', '1:192.168.32.0/21 !1:192.168.38.0/28', '00011503c0a82000011c83c0a826'],
  ['APL', '1:224.0.0.0/4 2:ff00::/8', '00010401e000020801ff'],
  [
    'DS',
    '60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118',
    'ec4505012bb183af5f22588179a53b0a98631fad1a292118',
  ],
  ['SSHFP', '2 1 123456789ABCDEF67890123456789ABCDEF67890'],
  [
    'IPSECKEY',
    '10 1 2 192.0.2.38 AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==',
    '0a0102c000022601035153' + '7986ed35533b6064478eeeb27b5bd74dae149b6e81ba3a0521af82ab7801',
  ],
  ['IPSECKEY', '10 0 2 . AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ=='],
  ['IPSECKEY', '10 2 2 2001:db8:0:8002::2000:1 AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ=='],
  ['IPSECKEY', '10 3 2 mygateway.example.com. AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ=='],
  [
    'RRSIG',
    'A 5 3 86400 20030322173103 20030220173103 2642 example.com. oJB1W6WNGv+ldvQ3WDG0MQkg5IEhjRip8WTrPYGv07h108dUKGMeDPKijVCHX3DDKdfb+v6oB9wfuh3DTJXUAfI/M0zmO/zz8bW0Rznl8O3tGNazPwQKkRN20XPXV6nwwfoXmJQbsLNrLfkGJ5D6fwFm8nN+6pBzeDQfsS3Ap3o=',
  ],
  [
    'NSEC',
    'host.example.com. A MX RRSIG NSEC TYPE1234',
    '04686f7374076578616d706c6503636f6d000006400100000003041b000000000000000000000000000000000000000000000000000020',
  ],
  [
    'DNSKEY',
    '256 3 5 AQPSKmynfzW4kyBv015MUG2DeIQ3Cbl+BBZH4b/0PY1kxkmvHjcZc8nokfzj31GajIQKY+5CptLr3buXA10hWqTkF7H6RfoRqXQeogmMHfpftf6zMv1LyBUgia7za6ZEzOJBOztyvhjL742iU/TpPSEDhm2SNKLijfUppn1UaNvv4w==',
  ],
  ['DHCID', 'AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA='],
  ['NSEC3', '1 1 12 aabbccdd 2VPTU5TIMAMQTTGL4LUU9KG21E0AAR3S MX RRSIG'],
  ['NSEC3', '1 0 0 - 2VPTU5TIMAMQTTGL4LUU9KG21E0AAR3S'],
  ['NSEC3PARAM', '1 0 12 aabbccdd', '0100000c04aabbccdd'],
  ['TLSA', '0 0 1 D2ABDE240D7CD3EE6B4B28C54DF034B97983A1D16E8A410E4561CB106618E971'],
  ['SMIMEA', '3 0 0 308201'],
  [
    'HIP',
    '2 200100107B1A74DF365639CC39F1D578 AwEAAbdxyhNuSutc5EMzxTs9LBPCIkOFH8cIvM4p9+LrV4e19WzK00+CI6zBCQTdtWsuxKbWIy87UOoJTwkUs7lBu+Upr1gsNrut79ryra+bSRGQb1slImA8YVJyuIDsj7kwzG7jnERNqnWxZ48AWkskmdHaVDP4BcelrTI3rMXdXF5D rvs1.example.com. rvs2.example.com.',
  ],
  ['NINFO', '"foo" "bar"'],
  [
    'RKEY',
    '0 255 1 AQMFD5raczCJHViKtLYhWGz8hMY9UGRuniJDBzC7w0aRyzWZriO6i2odGWWQVucZqKVsENW91IOW4vqudngPZsY3GvQ/xVA8/7pyFj6b7Esga60zyGW6LFe9r8n6paHrlG5ojqf0BaqHT+8=',
  ],
  ['TALINK', '. talink1.example.net.'],
  ['CDS', '0 0 0 00', '0000000000'],
  ['CDNSKEY', '0 3 0 AA==', '0000030000'],
  ['OPENPGPKEY', 'AQIDBA=='],
  ['CSYNC', '66 3 A NS AAAA', '000000420003000460000008'],
  [
    'ZONEMD',
    '2018031500 1 1 FEBE3D4CE2EC2FFA4BA99D46CD69D6D29711E55217057BEE7EB1A7B641A47BA7FED2DD5B97AE499FAFA4F22C6BD647DE',
  ],
  ['DSYNC', 'CDS NOTIFY 5359 cds-scanner.example.net.'],
  ['HHIT', 'AQIDBA=='],
  ['BRID', 'AQIDBA=='],
  ['SPF', '"v=spf1 -all"'],
  ['NID', '10 0014:4fff:ff20:ee64', '000a00144fffff20ee64'],
  ['L32', '10 10.1.2.0', '000a0a010200'],
  ['L64', '10 2001:0db8:1140:1000', '000a20010db811401000'],
  ['LP', '10 l64-subnet1.example.com.'],
  ['EUI48', '00-00-5e-00-53-2a', '00005e00532a'],
  ['EUI64', '00-00-5e-ef-10-00-00-2a', '00005eef1000002a'],
  ['URI', '10 1 "ftp://ftp1.example.com/public"'],
  ['CAA', '0 issue "ca1.example.net; account=230123"'],
  ['CAA', '128 tbs ""', '8003746273'],
  ['AVC', '"foo:bar"'],
  ['DOA', '0 1 2 "text/plain" AQIDBA=='],
  ['DOA', '1234567890 1234567890 1 "image/gif" -'],
  ['AMTRELAY', '10 0 0 .', '0a00'],
  ['AMTRELAY', '10 1 1 203.0.113.15', '0a81cb00710f'],
  ['AMTRELAY', '128 1 3 amtrelays.example.com.'],
  ['RESINFO', '"qnamemin" "exterr=15-17"'],
  ['WALLET', '"EXAMPLE" "01234567890abcdef"'],
  ['CLA', '"TCP-v4-v6"'],
  ['IPN', '12345678901234567890'],
  ['TA', `1 2 2 ${'AB'.repeat(32)}`],
  ['DLV', `1 2 2 ${'AB'.repeat(32)}`],
  ['NULL', '\\# 3 010203', '010203'],
  ['NXT', 'foo.example.net. A NS NXT'],
  ['TYPE731', '\\# 6 ABCDEF012345', 'abcdef012345'],
  ['TYPE65280', '\\# 0', ''],
];

for (const [type, text, wire] of samples) {
  test(`${type} ${text.slice(0, 40)} is read and printed alike`, () => {
    const number = parseType(type);
    const rdata = rdataFromText(number, text);
    const hex = rdata.wire.toString('hex');
    expect(hex).toBe(wire ?? hex);
    expect(rdataToText(number, rdata)).toBe(text);
    const generic = `\\# ${rdata.wire.length} ${hex}`;
    expect(rdataFromText(number, generic).wire).toEqual(rdata.wire);
    expect(checkRdata(number, rdata.wire)).toEqual(rdata);
    expect(rdataToText(number, rdata, Name.parse('example.net'))).not.toContain('example.net.');
  });
}
