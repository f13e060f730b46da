"""AssumeRoleWithWebIdentity: tokens of a real issuer, verified as AWS verifies them.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tools.harness.certificates import Authority
from tools.harness.clients import boto_client
from tools.harness.expect import api_error
from tools.harness.oidc import Issuer, SigningKey
from tools.harness.raw_http import RawConnection
from tools.harness.server import Server

ACTION = "sts:AssumeRoleWithWebIdentity"
WITH_TAGS = [ACTION, "sts:TagSession", "sts:SetSourceIdentity"]
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")


@pytest.fixture
def sts(client: Callable[..., Any]) -> Any:
    return client("sts")


@pytest.fixture
def role(make_role: Callable[..., str], oidc_provider: str) -> str:
    return make_role({"Federated": oidc_provider}, ACTION, {"Action": "s3:ListAllMyBuckets"})


@pytest.fixture
def assume(sts: Any, role: str) -> Callable[..., Any]:
    """assume(token) -> the answer, for `role`."""

    def call(token: str, **more: Any) -> Any:
        return sts.assume_role_with_web_identity(
            **({"RoleArn": role, "RoleSessionName": "session", "WebIdentityToken": token} | more)
        )

    return call


def message(caught: Any) -> str:
    return str(caught.value.response["Error"]["Message"])


def test_a_token_becomes_a_session(
    assume: Callable[..., Any], issuer: Issuer, role: str, oidc_provider: str, account: str, with_keys: Any
) -> None:
    answer = assume(issuer.token(sub="system:serviceaccount:default:app"))
    assert answer["SubjectFromWebIdentityToken"] == "system:serviceaccount:default:app"
    assert answer["Audience"] == "our-app"
    assert answer["Provider"] == oidc_provider
    name = role.rsplit("/", 1)[1]
    assert answer["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{account}:assumed-role/{name}/session"
    left = answer["Credentials"]["Expiration"] - datetime.now(UTC)
    assert timedelta(minutes=59) < left <= timedelta(hours=1)
    told = with_keys("sts", answer["Credentials"]).get_caller_identity()
    assert told["Arn"] == answer["AssumedRoleUser"]["Arn"]
    assert told["UserId"] == answer["AssumedRoleUser"]["AssumedRoleId"]
    with_keys("s3", answer["Credentials"]).list_buckets()
    with api_error("AccessDenied", 403):
        with_keys("s3", answer["Credentials"]).create_bucket(Bucket="not-allowed-to")


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_algorithm(assume: Callable[..., Any], issuer: Issuer, algorithm: str) -> None:
    key = SigningKey(algorithm, f"key-of-{algorithm}")
    issuer.keys = [SigningKey(), key]
    assert assume(issuer.token(key))["Credentials"]
    flawed = issuer.token(key)
    last = "A" if flawed[-6] != "A" else "B"
    with api_error("InvalidIdentityToken", 400):
        assume(flawed[:-6] + last + flawed[-5:])


def test_tokens_that_nobody_signed(assume: Callable[..., Any], issuer: Issuer) -> None:
    public = issuer.keys[0].key.public_key().export_key()
    for token in (
        issuer.unsigned(),
        issuer.unsigned("None"),
        issuer.unsigned("RS256"),
        issuer.hmac_signed(public),
        issuer.hmac_signed(public + b"\n"),
        issuer.token(header={"alg": "none"}),
        issuer.token(header={"alg": "HS256"}),
        issuer.token(header={"crit": ["exp"], "exp": 1}),
    ):
        with api_error("InvalidIdentityToken", 400):
            assume(token)
    assert issuer.requests == [], "a token that can't be right is no reason to ask the issuer"


def test_tokens_of_others(assume: Callable[..., Any], issuer: Issuer) -> None:
    stranger = SigningKey(key_id=issuer.keys[0].key_id)
    with api_error("InvalidIdentityToken", 400):
        assume(issuer.token(stranger))  # right key id, wrong key
    with api_error("InvalidIdentityToken", 400) as caught:
        assume(issuer.token(SigningKey(key_id="never seen")))
    assert "Couldn't retrieve verification key from your identity provider" in message(caught)
    with api_error("InvalidIdentityToken", 400):
        assume(issuer.token(stranger, header={"jwk": stranger.jwk(), "kid": None}))  # a key that the token brings
    confused = issuer.token(header={"alg": "PS256"})
    with api_error("InvalidIdentityToken", 400):
        assume(confused)  # the key is for RS256, and that is how it was used


def test_a_changed_token(assume: Callable[..., Any], issuer: Issuer) -> None:
    head, _, signature = issuer.token().split(".")
    _, other, _ = issuer.token(sub="administrator").split(".")
    with api_error("InvalidIdentityToken", 400) as caught:
        assume(f"{head}.{other}.{signature}")
    assert "signature" in message(caught)
    for token in (f"{head}.{other}", f"{head}.{other}.", f"{head}.{other}.{signature}.x", "garbage", "a.b.c"):
        with api_error("InvalidIdentityToken", 400) as caught:
            assume(token)
        assert message(caught) == (
            "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
        )


def test_times(assume: Callable[..., Any], issuer: Issuer) -> None:
    now = int(time.time())
    with api_error("ExpiredTokenException", 400) as caught:
        assume(issuer.token(iat=now - 4000, exp=now - 400))
    assert message(caught).startswith("Token expired: current date/time ")
    # Five minutes are allowed for clocks that differ.
    assert assume(issuer.token(iat=now - 4000, exp=now - 200))
    for claims in ({"iat": now + 4000, "exp": now + 8000}, {"nbf": now + 4000}, {"nbf": "soon"}):
        with api_error("InvalidIdentityToken", 400):
            assume(issuer.token(**claims))
    for missing in ("exp", "iat", "sub", "aud", "iss"):
        with api_error("InvalidIdentityToken", 400):
            assume(issuer.token(**{missing: None}))
    with api_error("InvalidIdentityToken", 400):
        assume(issuer.token(exp="never"))


def test_audiences(assume: Callable[..., Any], issuer: Issuer) -> None:
    assert assume(issuer.token(aud=["something", "other-app"]))["Audience"] == "other-app"
    # The authorized party stands for the audience where it is told.
    assert assume(issuer.token(aud="an-api", azp="our-app"))["Audience"] == "our-app"
    for claims in ({"aud": "a-third"}, {"aud": ["a", "b"]}, {"aud": "our-app", "azp": "a-third"}, {"aud": []}):
        with api_error("InvalidIdentityToken", 400) as caught:
            assume(issuer.token(**claims))
    with api_error("InvalidIdentityToken", 400) as caught:
        assume(issuer.token(aud="a-third"))
    assert message(caught) == "Incorrect token audience"


def test_an_issuer_that_iam_does_not_know(assume: Callable[..., Any], issuer: Issuer, authority: Authority) -> None:
    with Issuer(authority) as other:
        with api_error("InvalidIdentityToken", 400) as caught:
            assume(other.token())
        assert message(caught) == f"No OpenIDConnect provider found in your account for {other.url}"
        assert other.requests == []
    for url in (issuer.url + "/", "http://" + issuer.name, issuer.name):
        with api_error("InvalidIdentityToken", 400):
            assume(issuer.token(iss=url))


def test_the_trust_policy_decides(
    sts: Any, make_role: Callable[..., str], issuer: Issuer, oidc_provider: str, account: str
) -> None:
    trusted = {"Federated": oidc_provider}
    right = {"StringEquals": {f"{issuer.name}:aud": "our-app", f"{issuer.name}:sub": "somebody"}}
    matching = make_role(trusted, ACTION, Condition=right)
    other_subject = make_role(trusted, ACTION, Condition={"StringLike": {f"{issuer.name}:sub": "repo:*"}})
    strong = make_role(trusted, ACTION, Condition={"ForAnyValue:StringEquals": {f"{issuer.name}:amr": "mfa"}})
    original = make_role(trusted, ACTION, Condition={"StringEquals": {f"{issuer.name}:oaud": "an-api"}})
    named = make_role(trusted, ACTION, Condition={"StringEquals": {"sts:RoleSessionName": f"${{{issuer.name}:sub}}"}})
    other_provider = make_role({"Federated": f"arn:aws:iam::{account}:oidc-provider/example.com"}, ACTION)
    other_action = make_role(trusted, "sts:AssumeRoleWithSAML")
    everyone = make_role({"AWS": "*"}, ACTION)

    def call(role: str, session: str = "session", **claims: Any) -> Any:
        return sts.assume_role_with_web_identity(
            RoleArn=role, RoleSessionName=session, WebIdentityToken=issuer.token(**claims)
        )

    assert call(matching)
    assert call(other_subject, sub="repo:us/app:ref:refs/heads/main")
    assert call(strong, amr=["pwd", "mfa"])
    assert call(original, aud="an-api", azp="our-app")
    assert call(named, session="somebody")
    denied = f"Not authorized to perform {ACTION}"
    for role, claims in (
        (matching, {"sub": "someone-else"}),
        (matching, {"aud": "other-app"}),
        (other_subject, {}),
        (strong, {}),
        (strong, {"amr": ["pwd"]}),
        (original, {"aud": "our-app"}),
        (named, {}),
        (other_provider, {}),
        (other_action, {}),
        (everyone, {}),
        (f"arn:aws:iam::{account}:role/there-is-none", {}),
    ):
        with api_error("AccessDenied", 403) as caught:
            call(role, **claims)
        assert message(caught) == denied


def test_a_signature_counts_for_nothing(
    server: Server, make_role: Callable[..., str], issuer: Issuer, oidc_provider: str
) -> None:
    """The root may do everything, but a token is needed here, and the role trusts nobody else."""
    import botocore.auth
    import botocore.awsrequest
    from botocore.credentials import Credentials

    role = make_role({"Federated": f"{oidc_provider}-of-others"}, ACTION)
    keys = server.credentials()
    fields = {
        "Action": "AssumeRoleWithWebIdentity",
        "Version": "2011-06-15",
        "RoleArn": role,
        "RoleSessionName": "session",
        "WebIdentityToken": issuer.token(),
    }
    request = botocore.awsrequest.AWSRequest("POST", f"{server.endpoint}/", data=fields)
    botocore.auth.SigV4Auth(Credentials(keys.access_key, keys.secret_key), "sts", "us-east-1").add_auth(request)
    prepared = request.prepare()
    body = prepared.body if isinstance(prepared.body, bytes) else prepared.body.encode()
    lines = "".join(f"{name}: {value}\r\n" for name, value in prepared.headers.items() if name != "Content-Length")
    head = f"POST / HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n{lines}Content-Length: {len(body)}\r\n\r\n"
    with RawConnection(server.port) as connection:
        connection.send(head.encode() + body)
        answer = connection.read_answer()
    assert answer.status == 403 and b"<Code>AccessDenied</Code>" in answer.body, answer


def test_session_tags_and_source_identity(
    sts: Any, make_role: Callable[..., str], issuer: Issuer, oidc_provider: str, with_keys: Any
) -> None:
    plain = make_role({"Federated": oidc_provider}, ACTION)
    right = {"StringEquals": {"aws:RequestTag/team": "blue", "sts:SourceIdentity": "ann"}}
    tagged = make_role({"Federated": oidc_provider}, WITH_TAGS, {"Action": "sts:AssumeRole"}, Condition=right)
    nested = {
        "https://aws.amazon.com/tags": {"principal_tags": {"team": ["blue"]}, "transitive_tag_keys": ["team"]},
        "https://aws.amazon.com/source_identity": "ann",
    }
    flat = {
        "https://aws.amazon.com/tags/principal_tags/team": "blue",
        "https://aws.amazon.com/tags/transitive_tag_keys": ["team"],
        "https://aws.amazon.com/source_identity": "ann",
    }

    def call(role: str, claims: dict[str, Any]) -> Any:
        return sts.assume_role_with_web_identity(
            RoleArn=role, RoleSessionName="session", WebIdentityToken=issuer.token(claims=claims)
        )

    next_role = make_role(
        {"AWS": tagged},
        ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
        Condition={"StringEquals": {"aws:PrincipalTag/team": "blue", "aws:SourceIdentity": "ann"}},
    )
    for claims in (nested, flat):
        answer = call(tagged, claims)
        assert answer["SourceIdentity"] == "ann"
        session = with_keys("sts", answer["Credentials"])
        chained = session.assume_role(RoleArn=next_role, RoleSessionName="next")
        assert chained["SourceIdentity"] == "ann"
    with api_error("AccessDenied", 403) as caught:
        call(plain, flat)
    assert message(caught) == "Not authorized to perform sts:TagSession"
    with api_error("AccessDenied", 403) as caught:
        call(plain, {"https://aws.amazon.com/source_identity": "ann"})
    assert message(caught) == "Not authorized to perform sts:SetSourceIdentity"
    for bad in (
        {"https://aws.amazon.com/tags": "team=blue"},
        {"https://aws.amazon.com/tags": {"principal_tags": {"team": ["a", "b"]}}},
        {"https://aws.amazon.com/tags": {"principal_tags": {"team": "a" * 300}}},
        {"https://aws.amazon.com/source_identity": "not a name!"},
    ):
        with api_error("InvalidIdentityToken", 400):
            call(tagged, bad)


def test_keys_of_the_token_stay_with_the_session(
    sts: Any, make_role: Callable[..., str], issuer: Issuer, oidc_provider: str, with_keys: Any, bucket: str, s3: Any
) -> None:
    rights = {"Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/${{{issuer.name}:sub}}/*"}
    role = make_role({"Federated": oidc_provider}, ACTION, rights)
    for user in ("somebody", "someone-else"):
        s3.put_object(Bucket=bucket, Key=f"{user}/k", Body=user.encode())
    answer = sts.assume_role_with_web_identity(RoleArn=role, RoleSessionName="session", WebIdentityToken=issuer.token())
    own = with_keys("s3", answer["Credentials"])
    assert own.get_object(Bucket=bucket, Key="somebody/k")["Body"].read() == b"somebody"
    with api_error("AccessDenied", 403):
        own.get_object(Bucket=bucket, Key="someone-else/k")


def test_durations_and_session_policies(
    assume: Callable[..., Any],
    sts: Any,
    make_role: Callable[..., str],
    issuer: Issuer,
    oidc_provider: str,
    with_keys: Any,
) -> None:
    short = assume(issuer.token(), DurationSeconds=900)["Credentials"]
    assert short["Expiration"] - datetime.now(UTC) <= timedelta(minutes=15)
    with api_error("ValidationError", 400) as caught:
        assume(issuer.token(), DurationSeconds=7200)
    assert message(caught) == "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
    nothing = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}'
    narrowed = assume(issuer.token(), Policy=nothing)
    with api_error("AccessDenied", 403):
        with_keys("s3", narrowed["Credentials"]).list_buckets()
    with api_error("MalformedPolicyDocument", 400):
        assume(issuer.token(), Policy="{}")


def test_keys_are_kept_and_fetched_anew_when_they_change(assume: Callable[..., Any], issuer: Issuer) -> None:
    for _ in range(3):
        assume(issuer.token())
    assert issuer.requests == ["/.well-known/openid-configuration", "/keys"]
    new = SigningKey("ES256", "key-2")
    issuer.keys.append(new)
    assume(issuer.token(new))
    assert issuer.requests.count("/keys") == 2
    # What no key of the issuer signed makes it ask only so often.
    for number in range(20):
        with api_error("InvalidIdentityToken", 400):
            assume(issuer.token(new, header={"kid": f"unknown-{number}"}))
    assert issuer.requests.count("/keys") <= 6
    assume(issuer.token())


def test_issuers_that_answer_nonsense(assume: Callable[..., Any], issuer: Issuer) -> None:
    issuer.discovery = {"issuer": "https://somebody.else"}
    with api_error("InvalidIdentityToken", 400) as caught:
        assume(issuer.token())
    assert "Couldn't retrieve verification key" in message(caught)


@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        ({"jwks_uri": "http://localhost:1/keys"}, "InvalidIdentityToken"),
        ({"jwks_uri": "https://localhost:1/keys"}, "IDPCommunicationError"),
        ({"jwks_uri": 7}, "InvalidIdentityToken"),
        (404, "InvalidIdentityToken"),
        (503, "IDPCommunicationError"),
        (302, "InvalidIdentityToken"),
    ],
)
def test_keys_that_can_not_be_had(assume: Callable[..., Any], issuer: Issuer, trouble: Any, code: str) -> None:
    if isinstance(trouble, int):
        issuer.jwks_status = trouble
    else:
        issuer.discovery = trouble
    with api_error(code, 400):
        assume(issuer.token())


def test_an_issuer_that_is_gone(assume: Callable[..., Any], issuer: Issuer) -> None:
    token = issuer.token()
    issuer.close()
    with api_error("IDPCommunicationError", 400):
        assume(token)


def test_an_issuer_that_is_too_slow(assume: Callable[..., Any], issuer: Issuer) -> None:
    issuer.delay_seconds = 6
    started = time.monotonic()
    with api_error("IDPCommunicationError", 400):
        assume(issuer.token())
    assert time.monotonic() - started < 20


def test_the_issuer_s_certificate(assume: Callable[..., Any], iam: Any, issuer: Issuer, oidc_provider: str) -> None:
    iam.update_open_id_connect_provider_thumbprint(OpenIDConnectProviderArn=oidc_provider, ThumbprintList=["ab" * 20])
    with api_error("InvalidIdentityToken", 400) as caught:
        assume(issuer.token())
    assert message(caught) == "OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint"
    assert issuer.requests == [], "nothing is asked over a connection that isn't trusted"


def test_a_certificate_for_another_host(
    sts: Any, iam: Any, make_role: Callable[..., str], tmp_path: Any, account: str
) -> None:
    """The right authority, but not that server."""
    from tools.harness.certificates import make_authority

    other = make_authority(tmp_path, "DNS:other.example.com")
    with Issuer(other) as issuer:
        arn = iam.create_open_id_connect_provider(
            Url=issuer.url, ClientIDList=["our-app"], ThumbprintList=[other.thumbprint]
        )["OpenIDConnectProviderArn"]
        role = make_role({"Federated": arn}, ACTION)
        with api_error("InvalidIdentityToken", 400):
            sts.assume_role_with_web_identity(RoleArn=role, RoleSessionName="session", WebIdentityToken=issuer.token())
        assert issuer.requests == []
        iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)


def test_an_authority_from_the_settings(make_server: Callable[..., Server], authority: Authority) -> None:
    own = make_server(AEROLITH_STS_WEB_IDENTITY_CA=str(authority.certificate))
    iam = boto_client(own, "iam")
    trust = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"%s"},"Action":"%s"}]}'
    with Issuer(authority, "/realms/ours") as issuer:
        arn = iam.create_open_id_connect_provider(Url=issuer.url, ClientIDList=["our-app"], ThumbprintList=["00" * 20])[
            "OpenIDConnectProviderArn"
        ]
        role = iam.create_role(RoleName="web", AssumeRolePolicyDocument=trust % (arn, ACTION))["Role"]["Arn"]
        answer = boto_client(own, "sts").assume_role_with_web_identity(
            RoleArn=role, RoleSessionName="session", WebIdentityToken=issuer.token()
        )
        assert answer["Provider"] == arn and arn.endswith("/realms/ours")


def test_what_is_not_there_yet(assume: Callable[..., Any], issuer: Issuer) -> None:
    with api_error("NotImplemented", 501):
        assume(issuer.token(), ProviderId="graph.facebook.com")


def test_the_cli(cli: Any, role: str, issuer: Issuer) -> None:
    told = cli.run(
        "aws", "sts", "assume-role-with-web-identity", "--role-arn", role, "--role-session-name", "from-the-cli",
        "--web-identity-token", issuer.token(), "--query", "AssumedRoleUser.Arn", "--output", "text",
    )  # fmt: skip
    assert "from-the-cli" in told.stdout


def test_sdks_take_a_token_from_a_file(
    server: Server, role: str, issuer: Issuer, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a pod in Kubernetes does: AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE, no keys at all."""
    import boto3

    file = tmp_path / "token"
    file.write_text(issuer.token())
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.endpoint)
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(file))
    monkeypatch.setenv("AWS_ROLE_ARN", role)
    monkeypatch.setenv("AWS_ROLE_SESSION_NAME", "pod")
    session = boto3.session.Session(region_name="us-east-1")
    assert session.client("sts").get_caller_identity()["Arn"].endswith("/pod")
