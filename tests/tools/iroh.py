# SPDX-License-Identifier: MIT
"""The platform played on loopback: what of Threat Response `ctim-relay relay`
talks to, over upstream.py."""

import base64
import json

from upstream import Upstream

ID, PASSWORD = 'client-3f8e', 'p4ssw0rd+/=&%"'
TOKEN_LINE = 'POST /iroh/oauth2/token'
PATH = '/iroh/iroh-int/module-instance'
LIST, ADD = 'GET ' + PATH, 'POST ' + PATH
TYPE = 'a14ae422-01b6-5013-9876-695ff1b0ebe0'
BASIC = 'Basic ' + base64.b64encode(
    ('%s:%s' % (ID, PASSWORD)).encode()).decode()
APIS = ['health', 'observe/observables', 'deliberate/observables',
        'refer/observables', 'respond/observables', 'respond/trigger']


def settings(**changed):
    """What relay_settings.json holds."""
    return dict({'name': 'Local', 'module_type_id': TYPE, 'visibility': 'org',
                 'settings': {'url': 'https://relay.example.org/local',
                              'auth-type': 'authorization-header',
                              'authorization-header': 'Bearer the.jwt.token',
                              'supported-apis': APIS}}, **changed)


def module(id='m-1', **changed):
    """The same as the platform keeps it."""
    return dict(settings(**changed), id=id, enabled=True,
                user_id='u', created_at='2020-01-01T00:00:00.000Z')


def token(text='token-1', **more):
    """The rule that gives a token for the right ID and password."""
    return dict({'request': TOKEN_LINE, 'with': {'authorization': BASIC},
                 'json': {'access_token': text, 'token_type': 'bearer',
                          'expires_in': 600}}, **more)


def modules(*kept, token='token-1', **more):
    return dict({'request': LIST, 'json': list(kept),
                 'with': {'authorization': 'Bearer ' + token}}, **more)


def change(line, token='token-1', status=200, **more):
    """The rule for a POST, PATCH or DELETE."""
    return dict({'request': line, 'status': status, 'json': {},
                 'with': {'authorization': 'Bearer ' + token}}, **more)


class Platform(Upstream):
    """With a token and these modules, and any change is taken."""

    def __init__(self, *kept, **kwargs):
        super().__init__([token(), modules(*kept)] + [
            change('%s/%s' % (line, m['id'])) for m in kept
            for line in ('PATCH ' + PATH, 'DELETE ' + PATH)
        ] + [change(ADD, status=201)], **kwargs)

    def body(self, line):
        """The body of the only request with this line."""
        found = [r for r in self.requests if r.line == line]
        assert len(found) == 1, self.lines()
        return json.loads(found[0].body)
