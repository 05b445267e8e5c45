# SPDX-License-Identifier: MIT
"""The page at /, its icon, and errors as people see them in a browser."""

import base64
import hashlib
import html.parser
import http.client
import json
import os
import re
import shutil
import urllib.parse

import fronts
import harness
from harness import Gateway, Nginx, Skipped, has, holds, http_request, same

BROWSER = {'Accept': 'text/html,application/xhtml+xml,application/xml;q=0.9,'
                     'image/avif,image/webp,*/*;q=0.8'}
MOUNTS = (('nginx', '/'), ('nginx', '/below/'), ('cgi', '/'),
          ('cgi/below', '/below/'), ('fcgid/below', '/below/'),
          ('proxy_fcgi/below', '/below/'))
_shown = []


def close():
    while _shown:
        for part in _shown.pop():
            part.stop()
    fronts.close()


def shown():
    """(gateway, nginx): one with much to show, every provider among it."""
    if not _shown:
        gateway = Gateway('page', relays='''
[relay local]
store = @/store/intel.db
[relay otx]
[relay spycloud]
[relay qualys]
[relay a-relay-with-the-longest-name-that-may-bx]
provider = template
''')
        gateway.load('198.51.100.7\n203.0.113.0/24\nbad.example\n', 'feed')
        gateway.load('198.51.100.8\n', 'other')
        gateway.serve()
        _shown.append((Nginx(gateway), gateway))
    return _shown[0][1], _shown[0][0]


class Page(html.parser.HTMLParser):
    """What is looked at of a page; every element must be closed."""

    VOID = {'meta', 'link'}

    def __init__(self, text):
        super().__init__()
        self.links, self.pre, self.open, self.levels = [], [], [], []
        self.tags, self.text = [], ''
        self.feed(text)
        self.close()
        same(self.open, [], 'elements that stay open')

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.append((tag, attrs))
        if 'href' in attrs:
            self.links.append(attrs['href'])
        if tag == 'pre':
            self.pre.append('')
        if re.fullmatch('h[1-6]', tag):
            self.levels.append(int(tag[1]))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        same(self.open.pop(), tag, 'the element that is closed')

    def handle_data(self, data):
        if 'style' in self.open:
            return
        self.text += data
        if 'pre' in self.open:
            self.pre[-1] += data

    def attribute(self, tag, **which):
        return [attrs for name, attrs in self.tags if name == tag and
                which.items() <= attrs.items()]


def get(port, path, headers=BROWSER):
    return http_request(port, 'GET', path, headers=headers)


def whole(answer):
    """The page of an answer, which is one for people, and safe."""
    same(answer.headers['content-type'], 'text/html; charset=utf-8', 'type')
    page = Page(answer.text())
    same(page.attribute('html'), [{'lang': 'en'}], 'html')
    same(len(page.attribute('meta', name='viewport')), 1, 'viewport')
    same(page.levels[0], 1, 'the first heading')
    same(page.levels.count(1), 1, 'headings of the first level')
    holds(all(b - a <= 1 for a, b in zip(page.levels, page.levels[1:])),
          page.levels)
    holds(not {'script', 'iframe', 'img', 'form'} & {
        tag for tag, _ in page.tags}, 'what runs or loads')
    holds(not any('style' in attrs or any(k.startswith('on') for k in attrs)
                  for _, attrs in page.tags), 'style or script of an element')
    policy = answer.headers['content-security-policy']
    for word in ("default-src 'none'", "base-uri 'none'",
                 "form-action 'none'", "frame-ancestors 'none'"):
        has(word, policy, 'policy')
    holds('unsafe' not in policy, policy)
    for style in re.findall('<style>(.*?)</style>', answer.text(), re.S):
        digest = hashlib.sha256(style.encode()).digest()
        has("style-src 'sha256-%s'" % base64.b64encode(digest).decode(),
            policy, 'the hash of the style')
    return page


def test_page_says_what_each_relay_knows():
    _, nginx = shown()
    page = whole(get(nginx.port, '/'))
    for word in ('AlienVault OTX', 'Spycloud', 'Qualys', 'Local indicators',
                 '4 indicators of 2 sources, the newest since 2',
                 'POST /otx/observe/observables', 'sha256',
                 'man ctim-relay.conf', 'ctim-relay 0.'):
        has(word, page.text, 'page')
    same(len(page.pre), 5, 'lines to try')
    same(page.levels.count(2), 6, 'relays and the manual')


def test_line_to_try_works():
    """The two lines of each relay, in a shell, with the token of `jwt`."""
    gateway, nginx = shown()
    for at in ('/', '/below/'):
        page = whole(get(nginx.port, at))
        for text in page.pre:
            has('127.0.0.1:%d%s' % (nginx.port, at), text, 'line')
        # Of the others the service would be asked.
        local = page.pre[0].replace(
            'sudo ctim-relay ', harness.program('ctim-relay') + ' ')
        status, out, err = harness.run(['sh', '-c', local.replace(
            'curl ', 'curl -sS ')], env=gateway.env())
        same(status, 0, err)
        same(json.loads(out)['data']['verdicts']['count'], 1, out)
        template = page.pre[4].replace(
            'sudo ctim-relay ', harness.program('ctim-relay') + ' ')
        status, out, err = harness.run(['sh', '-c', template.replace(
            'curl ', 'curl -sS ')], env=gateway.env())
        same((status, out), (0, '{"data":{"status":"ok"}}'), err)


def test_host_of_the_request_is_no_word_of_the_shell():
    """The line has the host that the caller wrote, or none of it."""
    gateway, _ = shown()
    for host in ('$(id)', 'a;id', "a'b", 'a"b', '<b>', 'a b'):
        answer = cgi(gateway, PATH_INFO='/', HTTP_HOST=host, SERVER_PORT='80')
        page = Page(answer)
        has('https://GATEWAY/local/', page.pre[0], host)
        holds(not any(host in text for text in page.pre), page.pre)


def cgi(gateway, ok=True, **variables):
    """What the program answers as CGI, its body."""
    env = gateway.env(GATEWAY_INTERFACE='CGI/1.1', REQUEST_METHOD='GET',
                      HTTP_ACCEPT=BROWSER['Accept'], **variables)
    status, out, err = harness.run([harness.program('ctim-relay.fcgi')],
                                   env=env, input='')
    same(status == 0, ok, err)
    return out.partition('\r\n\r\n')[2]


def follow(port, at, seen):
    """Follows all links from a page, as a browser would."""
    if at in seen:
        return
    answer = get(port, at)
    seen[at] = answer.status
    same(answer.status, 200, '%s of port %d: %s' % (
        at, port, answer.text()))
    if answer.headers['content-type'].startswith('text/html'):
        for link in whole(answer).links:
            holds('://' not in link, link)
            follow(port, urllib.parse.urljoin(
                'http://h' + at, link).replace('http://h', ''), seen)


def test_links_work_wherever_it_is_mounted():
    """At the root, below a path, without its slash, in each way."""
    for way, mount in MOUNTS:
        port = fronts.port('main', way)
        for at in (mount, mount + 'local', mount + 'local/'):
            seen = {}
            follow(port, at, seen)
            for path in ('', 'local', 'template', 'favicon.ico'):
                holds(mount + path in seen, '%s: %s%s is not in %s' % (
                    way, mount, path, sorted(seen)))


def test_links_from_a_path_without_its_slash():
    """/cgi-bin/ctim-relay.cgi, and what a client makes of that path."""
    gateway, _ = shown()
    for uri, at in (('/cgi-bin/relay.cgi', '/cgi-bin/relay.cgi/'),
                    ('/cgi-bin/relay.cgi?q=/x', '/cgi-bin/relay.cgi/'),
                    ('/x/', '/x/'), ('/', '/'),
                    ('/javascript:alert(1)', '/javascript:alert(1)/'),
                    ('/"><b>', '/"><b>/')):
        page = Page(cgi(gateway, SCRIPT_NAME=uri.split('?')[0],
                        REQUEST_URI=uri))
        relay = [link for link in page.links if link.endswith('otx')]
        holds(relay, page.links)
        for link in relay:
            same(urllib.parse.urljoin('http://h' + uri, link),
                 'http://h%sotx' % at, uri)
        holds(not page.attribute('b'), 'what the caller wrote is text')


def test_icon():
    _, nginx = shown()
    answer = get(nginx.port, '/favicon.ico', {'Accept': 'image/*'})
    same((answer.status, answer.headers['content-type']),
         (200, 'image/svg+xml'), 'icon')
    has('<svg', answer.text(), 'icon')


def test_errors_are_html_for_a_browser_alone():
    """404, 405 and 413 as a page; JSON to the letter for everybody else."""
    _, nginx = shown()
    for method, path, status, message in (
            ('GET', '/no<b>&such', 404, 'There is no relay or route '
             '/no<b>&such; GET / lists the relays'),
            ('GET', '/otx/health', 405, '/otx/health takes POST only'),
            ('PUT', '/', 405, '/ takes GET only')):
        answer = http_request(nginx.port, method, path, headers=BROWSER)
        same(answer.status, status, path)
        page = whole(answer)
        has(message, page.text, path)
        has(answer.headers['x-request-id'], page.text, path)
        holds(not page.attribute('b'), 'the path is text')
        same('allow' in answer.headers, status == 405, 'Allow')
        for accept in ({}, {'Accept': '*/*'}, {'Accept': 'application/json'},
                       {'Accept': 'application/json, text/html'},
                       {'Accept': 'text/html;q=0.5, application/json'}):
            answer = http_request(nginx.port, method, path, headers=accept)
            same(answer.headers['content-type'], 'application/json', accept)
            holds('content-security-policy' not in answer.headers, accept)
            same(json.loads(answer.body), {
                'code': status, 'message': message,
                'reason': {404: 'Not Found', 405: 'Method Not Allowed'}[
                    status]}, accept)


def test_refused_tokens_stay_json():
    """An answer of a relay is the platform's, whoever asks."""
    _, nginx = shown()
    answer = http_request(nginx.port, 'POST', '/local/health',
                          headers=BROWSER)
    same((answer.status, answer.headers['content-type']),
         (200, 'application/json'), 'a refusal')


def test_errors_of_a_program_that_is_not_configured():
    """CGI without a good configuration: a page for a browser, no path in it;
    JSON as ever for the others."""
    gateway, _ = shown()
    env = gateway.env(GATEWAY_INTERFACE='CGI/1.1', REQUEST_METHOD='GET')
    env['CTIM_RELAY_CONF'] = '/nonexistent/ctim-relay.conf'
    program = [harness.program('ctim-relay.fcgi')]
    status, out, _ = harness.run(program, input='', env=dict(
        env, HTTP_ACCEPT=BROWSER['Accept']))
    head, _, body = out.partition('\r\n\r\n')
    has('Status: 500 ', head, 'status')
    has('Content-Security-Policy: ', head, 'policy')
    has('The gateway is not configured.', Page(body).text, 'page')
    holds('/nonexistent' not in out, out)
    status, out, _ = harness.run(program, input='', env=env)
    same(out.partition('\r\n\r\n')[2], '{"code":500,"message":"The gateway is not '
         'configured.","reason":"Internal Server Error"}\n', 'JSON')


def test_reload_changes_the_page():
    """yes, plain, no, and back."""
    gateway = Gateway('pages', sections={'server': {'page': 'no'}})
    gateway.load('198.51.100.7\n', 'feed')
    gateway.serve()
    nginx = Nginx(gateway)
    try:
        for headers in (BROWSER, {}):
            for method in ('GET', 'POST'):
                for path in ('/', '/local', '/favicon.ico'):
                    answer = http_request(nginx.port, method, path,
                                          headers=headers)
                    same(answer.status, 404, path)
                    has('There is no relay or route ' + path, answer.text(), path)
                    holds('0.2' not in answer.text() and
                          'lists' not in answer.text(), answer.text())
        for value in ('plain', 'yes', 'no'):
            gateway.sections['server']['page'] = value
            gateway.write()
            before = set(gateway.workers())
            gateway.process.send_signal(harness.signal.SIGHUP)
            harness.wait_for(lambda: gateway.workers() and not before & set(
                gateway.workers()), 'new workers')
            answer = get(nginx.port, '/')
            if value == 'no':
                same(answer.status, 404, value)
                continue
            page = whole(answer)
            has('POST /local/health', page.text, value)
            same('<style>' in answer.text(), value == 'yes', 'style')
            same('1 indicator of 1 source' in page.text, value == 'yes',
                 'numbers')
            same(len(page.pre), 2 if value == 'yes' else 0, 'lines to try')
    finally:
        nginx.stop()
        gateway.stop()


def test_store_that_cannot_be_read_is_told():
    gateway = Gateway('pagestore')
    for name in os.listdir(gateway.store_folder):
        os.unlink(os.path.join(gateway.store_folder, name))
    gateway.serve()
    nginx = Nginx(gateway)
    try:
        has('Its store cannot be read', whole(get(nginx.port, '/')).text, '/')
    finally:
        nginx.stop()
        gateway.stop()


def test_a_value_of_the_key_that_is_none():
    gateway = Gateway('pageword', sections={'server': {'page': 'maybe'}})
    status, _, err = gateway.cli('check', ok=False)
    same(status, 78, err)
    has('[server] page: must be one of yes, plain, no', err, 'check')


class Browser:
    """Chromium, driven over WebDriver; loads nothing but what is asked."""

    def __init__(self):
        driver = shutil.which('chromedriver')
        if driver is None or not shutil.which('chromium'):
            raise Skipped('chromium or its driver is not installed')
        self.port = harness.free_port()
        self.folder = harness.folder('chromium')
        errors = open(os.path.join(self.folder, 'stderr'), 'w')
        self.driver = harness.start(
            [driver, '--port=%d' % self.port], stdout=errors, stderr=errors,
            env=dict(os.environ, HOME=self.folder))
        errors.close()
        harness.wait_for(lambda: harness.port_open(self.port), 'chromedriver')
        self.session = self.call('POST', '', {'capabilities': {'alwaysMatch': {
            'goog:loggingPrefs': {'browser': 'ALL'},
            'goog:chromeOptions': {'args': [
                '--headless', '--no-sandbox', '--disable-gpu',
                '--disable-dev-shm-usage', '--no-first-run',
                '--disable-background-networking', '--no-proxy-server',
                '--user-data-dir=' + os.path.join(self.folder, 'profile')
            ]}}}})['sessionId']

    def call(self, method, path, body=None):
        connection = http.client.HTTPConnection('127.0.0.1', self.port,
                                                timeout=120)
        connection.request(method, '/session' + path, None if body is None
                           else json.dumps(body))
        value = json.loads(connection.getresponse().read())['value']
        connection.close()
        holds(not isinstance(value, dict) or 'error' not in value, value)
        return value

    def do(self, what, body=None, method='POST'):
        return self.call(method, '/%s/%s' % (self.session, what), body)

    def emulate(self, command, **params):
        self.do('goog/cdp/execute', {'cmd': 'Emulation.' + command,
                                     'params': params})

    def open(self, url, width, scheme):
        self.emulate('setDeviceMetricsOverride', width=width, height=844,
                     deviceScaleFactor=1, mobile=width < 600)
        self.emulate('setEmulatedMedia', features=[
            {'name': 'prefers-color-scheme', 'value': scheme}])
        self.do('url', {'url': url})

    def script(self, text):
        return self.do('execute/sync', {'script': text, 'args': []})

    def shot(self, name):
        path = os.path.join(self.folder, name + '.png')
        data = self.do('goog/cdp/execute', {
            'cmd': 'Page.captureScreenshot',
            'params': {'captureBeyondViewport': True}})['data']
        with open(path, 'wb') as f:
            f.write(base64.b64decode(data))

    def stop(self):
        self.call('DELETE', '/' + self.session)
        harness.stop(self.driver)


# The least contrast of a text with what is behind it (WCAG 2.2), and what is
# wider than the window.
LOOK = r'''
const light = c => {
	const part = c.match(/[\d.]+/g).slice(0, 3).map(v => {
		v /= 255;
		return v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
	});
	return .2126 * part[0] + .7152 * part[1] + .0722 * part[2];
};
const back = e => {
	for (; e; e = e.parentElement) {
		const c = getComputedStyle(e).backgroundColor;
		if (!/, 0\)$/.test(c))
			return c;
	}
	return 'rgb(255,255,255)';
};
let least = 99;
for (const e of document.body.querySelectorAll('*')) {
	if (!e.innerText)
		continue;
	const a = light(getComputedStyle(e).color), b = light(back(e));
	least = Math.min(least, (Math.max(a, b) + .05) / (Math.min(a, b) + .05));
}
return {title: document.title, least: least,
    over: [...document.querySelectorAll('body *')].filter(e =>
        e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0 ||
        e.getBoundingClientRect().right > innerWidth + .5)
        .map(e => e.outerHTML.slice(0, 80)),
    wide: document.documentElement.scrollWidth, inner: innerWidth,
    back: getComputedStyle(document.body).backgroundColor,
    links: [...document.links].map(a => a.href)};
'''


def test_page_in_chromium():
    """At 390 and 1280 pixels, light and dark: nothing is wider than the
    window, all can be read, the style is taken, links lead to relays."""
    _, nginx = shown()
    site = 'http://127.0.0.1:%d' % nginx.port
    browser = Browser()
    try:
        backs = {}
        for width in (390, 1280):
            for scheme in ('light', 'dark'):
                for path, title in (('/', 'ctim-relay'),
                                    ('/below/otx', 'otx'),
                                    ('/no/such', '404 Not Found')):
                    what = '%s at %d, %s' % (path, width, scheme)
                    browser.open(site + path, width, scheme)
                    seen = browser.script(LOOK)
                    same(seen['title'], title, what)
                    same(seen['over'], [], 'too wide: ' + what)
                    holds(seen['wide'] <= seen['inner'] == width, (what, seen))
                    holds(seen['least'] >= 4.5, '%s: contrast %s' % (
                        what, seen['least']))
                    backs.setdefault(scheme, set()).add(seen['back'])
                    browser.shot('%s-%d-%s' % (title.split()[-1], width,
                                               scheme))
        same([len(v) for v in backs.values()], [1, 1], backs)
        holds(backs['light'] != backs['dark'], backs)
        browser.open(site + '/', 1280, 'light')
        holds(site + '/spycloud' in browser.script(LOOK)['links'], 'links')
        browser.script("document.querySelector('nav a').click()")
        harness.wait_for(lambda: browser.script('return document.title') ==
                         'local', 'the page of the first relay')
        said = [entry['message'] for entry in browser.do(
            'se/log', {'type': 'browser'})]
        same([line for line in said if ' 404 ' not in line], [],
             'what Chromium complains of')
    finally:
        browser.stop()
