"""AssumeRoleWithSAML: responses of a real identity provider, verified as AWS verifies them.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithSAML.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_saml.html
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tools.harness.expect import api_error
from tools.harness.saml import ATTRIBUTES, SIGN_IN, Idp, Response, as_posted, moment

ACTION = "sts:AssumeRoleWithSAML"
WITH_TAGS = [ACTION, "sts:TagSession", "sts:SetSourceIdentity"]


@pytest.fixture
def sts(client: Callable[..., Any]) -> Any:
    return client("sts")


@pytest.fixture
def role(make_role: Callable[..., str], saml_provider: str) -> str:
    condition = {"StringEquals": {"SAML:aud": SIGN_IN}}
    return make_role({"Federated": saml_provider}, ACTION, {"Action": "s3:ListAllMyBuckets"}, Condition=condition)


@pytest.fixture
def make(idp: Idp, role: str, saml_provider: str) -> Callable[..., Response]:
    """make(subject="...", audience=None) -> a response for `role`"""
    return lambda **changed: idp.response(role, saml_provider, **changed)


@pytest.fixture
def assume(sts: Any, role: str, saml_provider: str) -> Callable[..., Any]:
    """assume(what is posted) -> the answer"""

    def call(posted: str, **more: Any) -> Any:
        return sts.assume_role_with_saml(
            **({"RoleArn": role, "PrincipalArn": saml_provider, "SAMLAssertion": posted} | more)
        )

    return call


def message(caught: Any) -> str:
    return str(caught.value.response["Error"]["Message"])


@pytest.mark.parametrize("signed", ["assertion", "response"])
def test_a_response_becomes_a_session(
    assume: Callable[..., Any],
    make: Callable[..., Response],
    idp: Idp,
    role: str,
    saml_provider: str,
    account: str,
    with_keys: Any,
    signed: str,
) -> None:
    answer = assume(idp.post(make(sign=signed, attributes={f"{ATTRIBUTES}RoleSessionName": ["ann@example.com"]})))
    assert answer["Subject"] == "somebody@example.com"
    assert answer["SubjectType"] == "persistent"
    assert answer["Issuer"] == idp.entity_id
    assert answer["Audience"] == SIGN_IN
    name = saml_provider.rsplit("/", 1)[1]
    digest = hashlib.sha1(f"{idp.entity_id}{account}/{name}".encode()).digest()
    assert answer["NameQualifier"] == base64.b64encode(digest).decode()
    role_name = role.rsplit("/", 1)[1]
    assert answer["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{account}:assumed-role/{role_name}/ann@example.com"
    with_keys("s3", answer["Credentials"]).list_buckets()
    told = with_keys("sts", answer["Credentials"]).get_caller_identity()
    assert told["Arn"] == answer["AssumedRoleUser"]["Arn"]


def test_a_response_that_nobody_signed(
    assume: Callable[..., Any], make: Callable[..., Response], tmp_path: Path
) -> None:
    unsigned = make(sign="nothing").xml()
    with api_error("InvalidIdentityToken", 400) as caught:
        assume(as_posted(unsigned))
    assert message(caught) == "Response signature invalid"
    stranger = Idp(tmp_path)
    with api_error("InvalidIdentityToken", 400) as caught:
        assume(stranger.post(make()))
    assert message(caught) == "Response signature invalid"


def test_a_changed_response(assume: Callable[..., Any], make: Callable[..., Response], idp: Idp) -> None:
    signed = idp.sign(make().xml())
    for before, after in (
        ("somebody@example.com", "root@example.com"),
        (">session<", ">administrator<"),
        ("SubjectConfirmationData NotOnOrAfter", 'SubjectConfirmationData Address="x" NotOnOrAfter'),
    ):
        assert before in signed
        with api_error("InvalidIdentityToken", 400) as caught:
            assume(as_posted(signed.replace(before, after)))
        assert message(caught) == "Response signature invalid"
    # A comment changes no byte of what was signed, nor where the name ends.
    commented = signed.replace("somebody@example.com", "somebody@<!-- -->example.com")
    assert assume(as_posted(commented))["Subject"] == "somebody@example.com"


def assertion_of(xml: str) -> str:
    return re.search(r"<saml:Assertion .*</saml:Assertion>", xml, re.S).group(0)  # type: ignore[union-attr]


def evil(assertion: str, new_id: str | None) -> str:
    """The attacker's: no signature, another subject, its own id or the same."""
    bare = re.sub(r"<ds:Signature .*</ds:Signature>", "", assertion, flags=re.S)
    bare = bare.replace("somebody@example.com", "root@example.com")
    return re.sub(r' ID="[^"]+"', f' ID="{new_id}"' if new_id else "", bare, count=1) if new_id != "same" else bare


@pytest.mark.parametrize("new_id", ["_evil", "same", None])
def test_wrapped_signatures(
    assume: Callable[..., Any], make: Callable[..., Response], idp: Idp, new_id: str | None
) -> None:
    """The eight ways of "On Breaking SAML" (USENIX Security 2012): the signed assertion is moved aside, another is read."""
    signed = idp.sign(make().xml())
    good = assertion_of(signed)
    bad = evil(good, new_id)
    signature = re.search(r"<ds:Signature .*</ds:Signature>", good, re.S).group(0)  # type: ignore[union-attr]
    bare = good.replace(signature, "")
    within = bad.replace(
        "</saml:Issuer>",
        f"</saml:Issuer>{signature.replace('</ds:Signature>', f'<ds:Object>{bare}</ds:Object></ds:Signature>')}",
    )
    forms = [
        signed.replace(good, bad + good),
        signed.replace(good, good + bad),
        signed.replace(good, bad.replace("</saml:Assertion>", f"{good}</saml:Assertion>")),
        signed.replace(good, bad.replace("<saml:Subject>", f"<saml:Advice>{good}</saml:Advice><saml:Subject>")),
        signed.replace(good, within),
        signed.replace(good, f"<samlp:Extensions>{good}</samlp:Extensions>{bad}"),
        signed.replace(good, bad).replace("<samlp:Status>", f"<x>{good}</x><samlp:Status>"),
        signed.replace(good, bad.replace("</saml:Issuer>", f"</saml:Issuer>{signature}")),
        signed.replace(good, bad.replace("</saml:Issuer>", f"</saml:Issuer>{signature}") + f"<x>{bare}</x>"),
        f'<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" Version="2.0">{signed.split("?>", 1)[1]}'
        f'<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>{bad}'
        "</samlp:Response>",
    ]
    for form in forms:
        with api_error("InvalidIdentityToken", 400):
            assume(as_posted(form))
    assert assume(as_posted(signed))["Subject"] == "somebody@example.com"


def test_the_same_id_twice(assume: Callable[..., Any], make: Callable[..., Response], idp: Idp) -> None:
    response = make()
    signed = idp.sign(response.xml())
    for attribute in ("ID", "Id", "id", "xml:id"):
        double = signed.replace("<samlp:Status>", f'<x {attribute}="{response.assertion_id}"/><samlp:Status>')
        with api_error("InvalidIdentityToken", 400):
            assume(as_posted(double))


def test_signatures_of_other_things(assume: Callable[..., Any], make: Callable[..., Response], idp: Idp) -> None:
    """A signature in the assertion that signs the response's status, or nothing but itself."""
    response = make()
    response.reference = f"#{response.response_id}"
    with api_error("InvalidIdentityToken", 400):
        assume(idp.post(response))
    for reference in ("", "#xpointer(/)"):
        with api_error("InvalidIdentityToken", 400):
            assume(idp.post(make(reference=reference)))


def test_weak_methods(assume: Callable[..., Any], make: Callable[..., Response], idp: Idp) -> None:
    for changed in (
        {"signature_method": "http://www.w3.org/2000/09/xmldsig#rsa-sha1"},
        {"digest_method": "http://www.w3.org/2000/09/xmldsig#sha1"},
    ):
        with api_error("InvalidIdentityToken", 400) as caught:
            assume(idp.post(make(**changed)))
        assert message(caught) == "Response signature invalid"
    signed = idp.sign(make().xml())
    hmac = signed.replace(
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", "http://www.w3.org/2000/09/xmldsig#hmac-sha1"
    )
    with api_error("InvalidIdentityToken", 400):
        assume(as_posted(hmac))
    xslt = signed.replace(
        '<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>',
        '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"><x/></ds:Transform>',
    )
    with api_error("InvalidIdentityToken", 400):
        assume(as_posted(xslt))


def test_document_types_and_entities(
    assume: Callable[..., Any], make: Callable[..., Response], idp: Idp, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret words")
    signed = idp.sign(make().xml())
    body = signed.split("?>", 1)[1]
    bombs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    for declared in (
        "<!DOCTYPE x>",
        f'<!DOCTYPE x [<!ENTITY e SYSTEM "file://{secret}">]>',
        f'<!DOCTYPE x [<!ENTITY l0 "lol">{bombs}]>',
        '<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd">',
    ):
        with api_error("InvalidIdentityToken", 400) as caught:
            assume(as_posted(declared + body.replace(">session<", ">&e;<")))
        assert "secret words" not in message(caught)


@pytest.mark.parametrize(
    "posted",
    [
        "not base64 at all!",
        as_posted("not XML"),
        as_posted("<a><b></a>"),
        as_posted("<samlp:Response/>"),
        as_posted("<a>" * 2000),
        as_posted('<Response xmlns="urn:oasis:names:tc:SAML:2.0:protocol" Version="2.0"/>'),
    ],
)
def test_nonsense(assume: Callable[..., Any], posted: str) -> None:
    with api_error("InvalidIdentityToken", 400):
        assume(posted)


def test_times(assume: Callable[..., Any], make: Callable[..., Response], idp: Idp) -> None:
    with api_error("ExpiredTokenException", 400) as caught:
        assume(idp.post(make(not_before=-600, not_on_or_after=-1)))
    assert message(caught) == "Response has expired"
    with api_error("ExpiredTokenException", 400) as caught:
        assume(idp.post(make(issued=-400)))
    assert message(caught) == "Token must be redeemed within 5 minutes of issuance"
    for early in ({"not_before": 900, "not_on_or_after": 1800}, {"issued": 900}):
        with api_error("InvalidIdentityToken", 400):
            assume(idp.post(make(**early)))


def test_for_whom_it_is(assume: Callable[..., Any], make: Callable[..., Response], idp: Idp) -> None:
    for audience in ("https://example.com", None, "https://evil.example/signin.aws.amazon.com/saml"):
        with api_error("InvalidIdentityToken", 400) as caught:
            assume(idp.post(make(audience=audience)))
        assert message(caught) == "Response does not contain the required audience."
    assert assume(idp.post(make(audience="urn:amazon:webservices")))
    for recipient in (
        "https://example.com/saml",
        "http://signin.aws.amazon.com/saml",
        "https://x/signin.aws.amazon.com/saml",
    ):
        with api_error("InvalidIdentityToken", 400):
            assume(idp.post(make(recipient=recipient)))


def test_a_region_s_recipient_is_another_audience(
    sts: Any, assume: Callable[..., Any], make: Callable[..., Response], make_role: Callable[..., str], idp: Idp,
    saml_provider: str,
) -> None:  # fmt: skip
    regional = "https://eu-west-1.signin.aws.amazon.com/saml"
    with api_error("AccessDenied", 403):  # the role's trust policy wants the world's
        assume(idp.post(make(recipient=regional)))
    role = make_role({"Federated": saml_provider}, ACTION)
    posted = idp.post(idp.response(role, saml_provider, recipient=regional))
    answer = sts.assume_role_with_saml(RoleArn=role, PrincipalArn=saml_provider, SAMLAssertion=posted)
    assert answer["Audience"] == regional


def test_who_says_so(
    sts: Any, assume: Callable[..., Any], make: Callable[..., Response], idp: Idp, role: str, account: str
) -> None:
    with api_error("InvalidIdentityToken", 400) as caught:
        assume(idp.post(make(issuer="https://somebody.else")))
    assert message(caught) == "Issuer not present in specified provider"
    with api_error("InvalidIdentityToken", 400) as caught:
        none = f"arn:aws:iam::{account}:saml-provider/there-is-none"
        assume(idp.post(idp.response(role, none)), PrincipalArn=none)
    assert message(caught) == "Specified provider doesn't exist"
    with api_error("ValidationError", 400):
        assume(idp.post(make()), PrincipalArn=f"arn:aws:iam::{account}:user/somebody")
    with api_error("InvalidIdentityToken", 400):
        assume(idp.post(make(status="urn:oasis:names:tc:SAML:2.0:status:Responder")))


def test_what_aws_needs_in_it(
    assume: Callable[..., Any], make: Callable[..., Response], idp: Idp, role: str, saml_provider: str
) -> None:
    for attributes, said in (
        ({f"{ATTRIBUTES}Role": None}, "Your request included an invalid SAML response"),
        ({f"{ATTRIBUTES}RoleSessionName": None}, "RoleSessionName is required in AuthnResponse"),
        (
            {f"{ATTRIBUTES}RoleSessionName": ["no spaces"]},
            "RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}",
        ),
        (
            {f"{ATTRIBUTES}SourceIdentity": ["aws:me"]},
            'Source Identity must match [a-zA-Z_0-9+=,.@-]{2,64} and not begin with "aws:"',
        ),
    ):
        with api_error("InvalidIdentityToken", 400) as caught:
            assume(idp.post(make(attributes=attributes)))
        assert message(caught) == said
    swapped = {f"{ATTRIBUTES}Role": [f"{saml_provider},{role}"]}
    assert assume(idp.post(make(attributes=swapped)))


def test_roles_that_it_does_not_name_or_that_trust_others(
    sts: Any, make_role: Callable[..., str], idp: Idp, role: str, saml_provider: str, account: str
) -> None:
    trusting = make_role({"Federated": saml_provider}, ACTION)
    other = make_role({"Federated": f"{saml_provider}-else"}, ACTION)
    web = make_role({"Federated": saml_provider}, "sts:AssumeRoleWithWebIdentity")
    subject = make_role({"Federated": saml_provider}, ACTION, Condition={"StringEquals": {"saml:sub": "ann"}})
    missing = f"arn:aws:iam::{account}:role/there-is-none"

    def call(wanted: str, named: str, **more: Any) -> Any:
        posted = idp.post(idp.response(named, saml_provider, **more))
        return sts.assume_role_with_saml(RoleArn=wanted, PrincipalArn=saml_provider, SAMLAssertion=posted)

    assert call(trusting, trusting)
    assert call(subject, subject, subject="ann")
    for wanted, named in ((trusting, role), (other, other), (web, web), (subject, subject), (missing, missing)):
        with api_error("AccessDenied", 403) as caught:
            call(wanted, named)
        assert message(caught) == f"Not authorized to perform {ACTION}"


def test_tags_keys_and_durations(
    sts: Any, make_role: Callable[..., str], idp: Idp, saml_provider: str, with_keys: Any, s3: Any, bucket: str
) -> None:
    affiliation = "urn:oid:1.3.6.1.4.1.5923.1.1.1.1"
    condition = {
        "StringEquals": {"aws:RequestTag/team": "blue", "saml:sub_type": "persistent"},
        "ForAnyValue:StringEquals": {"saml:eduPersonAffiliation": "staff"},
    }
    rights = {"Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{bucket}/${{aws:PrincipalTag/team}}/${{saml:sub}}"}
    role = make_role({"Federated": saml_provider}, WITH_TAGS, rights, longest=7200, Condition=condition)
    attributes = {
        f"{ATTRIBUTES}PrincipalTag:team": ["blue"],
        f"{ATTRIBUTES}TransitiveTagKeys": ["team"],
        f"{ATTRIBUTES}SourceIdentity": ["ann"],
        affiliation: ["staff", "member"],
    }

    def call(duration: int | None = None, **changed: Any) -> Any:
        posted = idp.post(idp.response(role, saml_provider, **({"attributes": attributes, "subject": "ann"} | changed)))
        more = {} if duration is None else {"DurationSeconds": duration}
        return sts.assume_role_with_saml(RoleArn=role, PrincipalArn=saml_provider, SAMLAssertion=posted, **more)

    answer = call()
    assert answer["SourceIdentity"] == "ann"
    own = with_keys("s3", answer["Credentials"])
    own.put_object(Bucket=bucket, Key="blue/ann", Body=b"x")
    for key in ("red/ann", "blue/bob"):
        with api_error("AccessDenied", 403):
            own.put_object(Bucket=bucket, Key=key, Body=b"x")
    with api_error("AccessDenied", 403):
        call(attributes=attributes | {affiliation: ["student"]})

    def left(made: dict[str, Any]) -> timedelta:
        return made["Credentials"]["Expiration"] - datetime.now(UTC)

    assert timedelta(minutes=115) < left(call(7200)) <= timedelta(hours=2)
    with api_error("ValidationError", 400):
        call(7201)
    assert left(call(7200, session_ends=1200)) <= timedelta(minutes=20)


def test_metadata_of_several_keys(
    iam: Any, assume: Callable[..., Any], make: Callable[..., Response], idp: Idp, saml_provider: str, tmp_path: Path
) -> None:
    """Keys are changed by having both for a while."""
    new = Idp(tmp_path, idp.entity_id)
    descriptor = re.compile(r"<md:KeyDescriptor.*</md:KeyDescriptor>", re.S)
    both = idp.metadata()
    second = descriptor.search(new.metadata())
    first = descriptor.search(both)
    assert first and second
    iam.update_saml_provider(
        SAMLProviderArn=saml_provider,
        SAMLMetadataDocument=both.replace(first.group(0), first.group(0) + second.group(0)),
    )
    assert assume(idp.post(make())) and assume(new.post(make()))
    iam.update_saml_provider(SAMLProviderArn=saml_provider, SAMLMetadataDocument=new.metadata())
    assert assume(new.post(make()))
    with api_error("InvalidIdentityToken", 400):
        assume(idp.post(make()))
    iam.update_saml_provider(SAMLProviderArn=saml_provider, SAMLMetadataDocument=new.metadata(moment(-60)))
    with api_error("InvalidIdentityToken", 400):
        assume(new.post(make()))


def test_the_cli(cli: Any, idp: Idp, role: str, saml_provider: str, tmp_path: Path) -> None:
    file = tmp_path / "response"
    file.write_text(idp.post(idp.response(role, saml_provider)))
    told = cli.run(
        "aws", "sts", "assume-role-with-saml", "--role-arn", role, "--principal-arn", saml_provider,
        "--saml-assertion", f"file://{file}", "--query", "AssumedRoleUser.Arn", "--output", "text",
    )  # fmt: skip
    assert told.stdout.strip().endswith("/session")
