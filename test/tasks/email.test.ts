import assert from 'node:assert/strict';
import { test } from 'node:test';
import { htmlToText, readEmail } from '../../src/tasks/email.ts';

test('subject and body, without the other headers, single-spaced', () => {
  const text = 'From x\nReceived: by a\n\tfor b\nSubject: Re:  hello\n there\nsubject: second\n\nBody  one\n\n> two\n';
  assert.deepEqual(readEmail(text), { subject: 'Re: hello there', body: 'Body one > two' });
});

test('mail without a subject, without a body, and with Windows line ends', () => {
  assert.deepEqual(readEmail('From: a\n\nhi'), { subject: '', body: 'hi' });
  assert.deepEqual(readEmail('Subject: only'), { subject: 'only', body: '' });
  assert.deepEqual(readEmail('Subject: s\r\nTo: b\r\n\r\nhi\r\n'), { subject: 's', body: 'hi' });
  assert.deepEqual(readEmail(''), { subject: '', body: '' });
});

test('of several parts the plain one is read, else the HTML', () => {
  const mail = (...parts: string[]) =>
    readEmail(
      `Subject: s\nContent-Type: multipart/mixed;\n boundary="=_b"\n\nfor old readers\n${parts
        .map(part => `--=_b\n${part}\n`)
        .join('')}--=_b--\nepilogue\n`,
    ).body;
  const html = 'Content-Type: text/html\n\n<p>rich</p>';
  const plain = 'Content-Type: text/plain\n\nplain text';
  assert.equal(mail(html, plain), 'plain text');
  assert.equal(mail('Content-Type: image/gif\n\nR0lGOD', html), 'rich');
  assert.equal(mail('Content-Type: text/plain\n\n \n', html), 'rich');
  assert.equal(mail('\nno headers'), 'no headers');
  assert.equal(mail('Content-Type: application/zip\n\nUEsDB'), '');
  const inner =
    'Content-Type: multipart/alternative; boundary="=_b2"\n\n--=_b2\nContent-Type: text/plain\n\ndeep\n--=_b2--\n';
  assert.equal(mail(inner), 'deep', 'the inner boundary begins like the outer one');
  assert.equal(readEmail('Content-Type: multipart/mixed\n\nno boundary').body, 'no boundary');
  const folded = 'Content-Type: multipart/mixed;boundary=\n "b"\n\nold readers\n--b\n\npart\n--b--\n';
  assert.equal(readEmail(folded).body, 'part', 'the boundary stands on a line of its own');
});

test('transfer encodings are undone, in the character set that is named', () => {
  const mail = (encoding: string, charset: string, content: string) =>
    readEmail(`Content-Type: text/plain; charset="${charset}"\nContent-Transfer-Encoding: ${encoding}\n\n${content}`)
      .body;
  assert.equal(mail('quoted-printable', 'iso-8859-1', 'caf=E9 is=\n open =3D now'), 'café is open = now');
  assert.equal(
    mail('quoted-printable', 'utf-8', 'soft breaks =\nkeep their =  \nspaces'),
    'soft breaks keep their spaces',
  );
  assert.equal(mail('Quoted-Printable', 'utf-8', 'caf=C3=A9'), 'café');
  assert.equal(mail('base64', 'utf-8', Buffer.from('free café').toString('base64')), 'free café');
  assert.equal(mail('quoted-printable', 'no-such-charset', 'caf=E9'), 'café');
  assert.equal(mail('7bit', 'us-ascii', 'a =3D b'), 'a =3D b');
});

test('HTML that calls itself plain text is read as HTML, an address in angle brackets is none', () => {
  assert.equal(readEmail('Subject: s\n\n<HTML><BODY>win<BR>now</BODY></HTML>').body, 'win now');
  assert.equal(readEmail('Subject: s\n\nfrom <a@b.org> if x < y').body, 'from <a@b.org> if x < y');
});

test('encoded words of a subject are undone', () => {
  const subject = (text: string) => readEmail(`Subject: ${text}\n\n`).subject;
  assert.equal(subject('=?iso-8859-1?Q?caf=E9_au?= =?utf-8?B?bGFpdA==?= now'), 'café aulait now');
  assert.equal(subject('plain =?broken'), 'plain =?broken');
});

test('HTML: tags, comments, scripts and styles go, characters come', () => {
  const html =
    '<html><head><title>t</title><STYLE>b {}</STYLE></head><!-- <b> no --><body bgcolor=#fff>Buy<br>now&nbsp;&amp; ' +
    'save &#36;5 &#x41; &unknown; 1 < 2<script>x()</script></body></html>';
  assert.equal(htmlToText(html).replace(/\s+/g, ' ').trim(), 'Buy now & save $5 A &unknown; 1 < 2');
  assert.equal(htmlToText('&#0;&#99999999;&#xD800;'), '\ufffd'.repeat(3));
  assert.equal(htmlToText('it&#146;s &#x80;5'), 'it’s €5');
});

test('HTML as spam breaks it: words cut by comments, quoted angle brackets, frames, a tag that does not end', () => {
  const text = (html: string) => htmlToText(html).replace(/\s+/g, ' ').trim();
  assert.equal(text('MER<!--aunt-->CHANT AC<!11--uncle-->COUNT'), 'MERCHANT ACCOUNT');
  assert.equal(
    text('<a href="mailto:x?subject=<me>">Unsubscribe</a> &eacute;lections &frac12'),
    'Unsubscribe élections ½',
  );
  assert.equal(text('<iframe src=a><script>x</script><a>ad</a></iframe>news<noframes><p>old</noframes>'), 'news');
  assert.equal(text('Enter!<a href=http://a.b/c ta.\n3YML'), 'Enter!');
});
