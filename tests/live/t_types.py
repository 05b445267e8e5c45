# SPDX-License-Identifier: MIT
"""Types of observables: all that CTIM has are known, those that a relay does not
take cost nothing, and the store has all of them."""

import json

import fcgiclient as fcgi
import harness
from harness import Gateway, has, holds, same
from provider_case import gateway
from upstream import Upstream

TYPES = ('acudid amp_computer_guid certificate_common_name certificate_issuer '
         'certificate_serial cisco_cm_id cisco_mid cisco_uc_id '
         'cortex_agent_id crowdstrike_id cvm_id cybereason_id darktrace_id '
         'device domain email email_messageid email_subject file_name '
         'file_path google_chromebook_id google_cloud_id hostname imei imsi '
         'intune_id ip ipv6 jamf_management_id mac_address md5 '
         'meraki_network_id meraki_node_sn meraki_org_id ms_machine_id mutex '
         'ngfw_id ngfw_name odns_identity odns_identity_label '
         'orbital_node_id pki_serial process_args process_hash process_name '
         'process_path process_uid process_username processor_id '
         'registry_key registry_name registry_path s1_agent_id '
         'secure_access_id serial_number service_now_id sha1 sha256 '
         'swc_device_id trend_micro_id url user user_agent').split()
LOCAL = 'domain email ip ipv6 md5 sha1 sha256 url'.split()
TAKEN = {'local': LOCAL, 'otx': LOCAL, 'spycloud': ['email'],
         'qualys': 'md5 sha256 file_name file_path ip domain mutex'.split()}
CLAIMS = {'key': 'k', 'user': 'u', 'pass': 'p'}


def ask(relay, name, route, body):
    body = json.dumps(body).encode()
    request = fcgi.request('POST', '/%s/%s/observables' % (name, route), body,
                           harness.jwt(CLAIMS))
    status, _, text = fcgi.call(relay.socket, request, body, timeout=30)
    same(status, 200, text)
    return json.loads(text)


def test_the_schema_has_the_same_types():
    reason = harness.schema_reason()
    if reason is not None:
        raise harness.Skipped(reason)
    with open(harness.SHARED + '/ctim/ctim.schema.json') as file:
        same(json.load(file)['$defs']['observable_type']['enum'], TYPES,
             'types')


def test_relays_pass_over_the_types_that_they_do_not_take():
    """Without an error and without a call; a domain may hold no such value."""
    upstream = Upstream()
    relay = gateway('types', upstream.url)
    relay.relays += '[relay local]\nprovider = local\n' \
        'store = @/store/intel.db\n'
    relay.write()
    relay.serve()
    try:
        for name, taken in TAKEN.items():
            body = [{'type': t, 'value': 'PC-17'} for t in TYPES
                    if t not in taken]
            for route in ('deliberate', 'observe'):
                same(ask(relay, name, route, body), {'data': {}},
                     '%s %s' % (name, route))
            same(ask(relay, name, 'refer', body), {'data': []}, name)
        same(upstream.requests, [], 'what was asked')
    finally:
        relay.stop()
        upstream.stop()


def test_query_knows_every_type():
    relay = Gateway('types_query')
    words = ['%s:PC-17' % t for t in TYPES if t not in LOCAL]
    status, out, err = relay.cli('query', 'local', '--csv', *words, ok=False)
    same((status, err), (0, ''), 'query')
    lines = out.splitlines()[1:]
    same([line.split(',')[0] for line in lines],
         [w.split(':')[0] for w in words], 'types')
    for line in lines:
        has('not taken', line, 'row')
    status, _, err = relay.cli('query', 'local', 'shoe:42', ok=False)
    holds(status != 0, 'a type that there is not')
    has('hostname', err, 'the types that there are')


def test_the_store_has_hostnames():
    """Which are no domains: their case alone means nothing."""
    relay = Gateway('types_store')
    relay.cli('intel', 'add', 'hostname:PC-17', '--source', 'mine')
    relay.cli('intel', 'add', 'domain:pc-17.corp.example', '--source', 'mine')
    rows = json.loads(relay.cli('intel', 'list', '--type', 'hostname',
                                '--json')[1])
    same([(r['type'], r['value']) for r in rows], [('hostname', 'pc-17')],
         'listed')
    rows = json.loads(relay.cli('intel', 'show', 'hostname:pC-17',
                                '--json')[1])
    same([r['value'] for r in rows], ['pc-17'], 'shown')
    same(json.loads(relay.cli('intel', 'stats', '--json')[1])['types'],
         dict(dict.fromkeys(LOCAL, 0), domain=1, hostname=1), 'counted')
    has("[domain-name:value = 'pc-17']",
        relay.cli('intel', 'export', '--format', 'stix')[1], 'STIX')
    # A copy of it is whole.
    copy = relay.folder + '/copy.db'
    relay.cli('intel', 'backup', copy)
    relay.cli('intel', 'remove', 'hostname:PC-17')
    status, _, err = relay.cli('intel', 'add', 'hostname:two words',
                               '--source', 'mine', ok=False)
    holds(status != 0, 'two words are no hostname')
    same(json.loads(relay.cli('intel', 'list', '--type', 'hostname',
                              '--json')[1]), [], 'removed')
    relay.cli('intel', 'restore', copy)
    has('pc-17', relay.cli('intel', 'show', 'hostname:PC-17')[1], 'restored')
    # The relay answers about what it did, as it did.
    relay.serve()
    try:
        same(ask(relay, 'local', 'deliberate',
                 [{'type': 'hostname', 'value': 'PC-17'}]), {'data': {}},
             'the relay')
    finally:
        relay.stop()


# What the values of types with a normal form must be.
VALUES = {'domain': 'evil.example', 'email': 'a@evil.example',
          'ip': '203.0.113.7', 'ipv6': '2001:db8::7', 'md5': 'a' * 32,
          'sha1': 'b' * 40, 'sha256': 'c' * 64, 'url': 'https://evil.example/',
          'hostname': 'pc-17'}
# Of which STIX has a word.
STIX = 'certificate_issuer certificate_serial email_messageid email_subject ' \
    'file_name hostname mac_address mutex process_args registry_key user'.split()


def listed(relay):
    """The rows of a store, without when they were imported."""
    rows = json.loads(relay.cli('intel', 'list', '--json')[1])
    for row in rows:
        del row['imported']
    return sorted(rows, key=lambda row: row['type'])


def test_the_store_has_all_types_and_an_export_loses_none():
    """Where nothing is known of a type, its values stay as they are."""
    relay = Gateway('types_all')
    values = {t: VALUES.get(t, ' C:\\%s[.]x, "y" ' % t) for t in TYPES}
    relay.cli('intel', 'add', *('%s:%s' % pair for pair in values.items()),
              '--source', 'mine')
    values = {t: value.strip() for t, value in values.items()}
    rows = listed(relay)
    same([(r['type'], r['value']) for r in rows], list(values.items()), 'rows')
    same(json.loads(relay.cli('intel', 'stats', '--json')[1])['types'],
         dict.fromkeys(TYPES, 1), 'counted')
    for name in ('mutex', 'user', 'device'):
        rows_of = json.loads(relay.cli('intel', 'show', '%s:%s' % (
            name, values[name]), '--json')[1])
        same([r['value'] for r in rows_of], [values[name]], 'shown')
        same(len(json.loads(relay.cli('intel', 'list', '--type', name,
                                      '--json')[1])), 1, 'of one type')
    for form in ('csv', 'json'):
        out = relay.cli('intel', 'export', '--format', form)[1]
        other = Gateway('types_' + form)
        other.load(out, 'mine', '--disposition', 'Malicious')
        same(listed(other), rows, form)
    _, out, err = relay.cli('intel', 'export', '--format', 'stix')
    same((len(json.loads(out)['objects']), err), (
        len(LOCAL + STIX), '%d records are left out, as STIX has no word for '
        'their types; csv and json have them\n' % (
            len(TYPES) - len(LOCAL + STIX))), 'STIX')
    same(len(json.loads(relay.cli('intel', 'export', '--format', 'stix',
                                  '--limit', '12')[1])['objects']), 12, 'limit')
    same(set(relay.cli('intel', 'export', '--format', 'plain')[1].split('\n')),
         {values[t] for t in [*LOCAL, 'hostname']} | {''}, 'plain')
    same(relay.cli('intel', 'export', '--format', 'plain', '--type', 'mutex')[1],
         values['mutex'] + '\n', 'plain, of a type that was asked for')
    status, _, err = relay.cli('intel', 'list', '--type', 'shoe', ok=False)
    same(status, 64, err)


def test_words_for_nothing_are_values_in_an_export():
    """Feeds write them in cells that are empty; here somebody is called so."""
    relay = Gateway('types_words')
    relay.cli('intel', 'add', 'user:null', 'user:-', 'user:N/A', 'device:null',
              'hostname:null', '--source', 'mine', '--reason', 'n/a')
    rows = listed(relay)
    same(len(rows), 5, rows)
    for form in ('csv', 'json'):
        out = relay.cli('intel', 'export', '--format', form)[1]
        other = Gateway('types_words_' + form)
        other.load(out, 'mine')
        same(listed(other), rows, form)
    feed = Gateway('types_words_feed')
    _, out, _ = feed.cli('intel', 'import', '-', '--source', 'feed', ok=False,
                         input='value,type\nnull,user\nevil.example,domain\n')
    has('it has no value', out, 'of a feed')
    same([r['value'] for r in listed(feed)], ['evil.example'], 'of a feed')
