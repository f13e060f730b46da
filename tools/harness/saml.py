"""A SAML identity provider of the tests' own: metadata, and responses signed by the xmlsec1 program."""

from __future__ import annotations

import base64
import subprocess
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from tools.harness.certificates import self_signed

SIGN_IN = "https://signin.aws.amazon.com/saml"
ATTRIBUTES = "https://aws.amazon.com/SAML/Attributes/"
ASSERTION = "urn:oasis:names:tc:SAML:2.0:assertion"
PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
ENCRYPTION = "http://www.w3.org/2001/04/xmlenc#"
ENCRYPTION_11 = "http://www.w3.org/2009/xmlenc11#"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"


def moment(seconds: float) -> str:
    """So many seconds from now."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class Response:
    """What stands in a response; `xml()` writes it, not signed yet."""

    issuer: str
    attributes: dict[str, list[str]]
    subject: str = "somebody@example.com"
    audience: str | None = SIGN_IN
    recipient: str = SIGN_IN
    not_before: float = -60
    not_on_or_after: float = 240
    issued: float = 0
    session_ends: float | None = None
    status: str = "urn:oasis:names:tc:SAML:2.0:status:Success"
    assertion_id: str = field(default_factory=lambda: f"_{uuid.uuid4().hex}")
    response_id: str = field(default_factory=lambda: f"_{uuid.uuid4().hex}")
    sign: str = "assertion"  # or "response"
    signature_method: str = RSA_SHA256
    digest_method: str = SHA256
    reference: str | None = None  # where the signature points, when not to its own element

    def signature(self, element_id: str) -> str:
        uri = self.reference if self.reference is not None else f"#{element_id}"
        return (
            '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo>'
            '<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>'
            f'<ds:SignatureMethod Algorithm="{self.signature_method}"/><ds:Reference URI="{uri}"><ds:Transforms>'
            '<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>'
            '<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/></ds:Transforms>'
            f'<ds:DigestMethod Algorithm="{self.digest_method}"/><ds:DigestValue/></ds:Reference></ds:SignedInfo>'
            "<ds:SignatureValue/><ds:KeyInfo><ds:X509Data/></ds:KeyInfo></ds:Signature>"
        )

    def assertion(self) -> str:
        restriction = (
            ""
            if self.audience is None
            else f"<saml:AudienceRestriction><saml:Audience>{escape(self.audience)}</saml:Audience>"
            "</saml:AudienceRestriction>"
        )
        attributes = "".join(
            f"<saml:Attribute Name={quoteattr(name)}>"
            + "".join(f"<saml:AttributeValue>{escape(value)}</saml:AttributeValue>" for value in values)
            + "</saml:Attribute>"
            for name, values in self.attributes.items()
        )
        ends = "" if self.session_ends is None else f' SessionNotOnOrAfter="{moment(self.session_ends)}"'
        return (
            f'<saml:Assertion xmlns:saml="{ASSERTION}" ID="{self.assertion_id}" Version="2.0" '
            f'IssueInstant="{moment(self.issued)}"><saml:Issuer>{escape(self.issuer)}</saml:Issuer>'
            + (self.signature(self.assertion_id) if self.sign == "assertion" else "")
            + f'<saml:Subject><saml:NameID Format="{PERSISTENT}">{escape(self.subject)}</saml:NameID>'
            '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData '
            f'NotOnOrAfter="{moment(self.not_on_or_after)}" Recipient="{self.recipient}"/></saml:SubjectConfirmation>'
            f'</saml:Subject><saml:Conditions NotBefore="{moment(self.not_before)}" '
            f'NotOnOrAfter="{moment(self.not_on_or_after)}">{restriction}</saml:Conditions>'
            f'<saml:AuthnStatement AuthnInstant="{moment(self.issued)}"{ends}><saml:AuthnContext>'
            "<saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef>"
            f"</saml:AuthnContext></saml:AuthnStatement><saml:AttributeStatement>{attributes}"
            "</saml:AttributeStatement></saml:Assertion>"
        )

    def xml(self) -> str:
        return (
            f'<samlp:Response xmlns:samlp="{PROTOCOL}" ID="{self.response_id}" Version="2.0" '
            f'IssueInstant="{moment(self.issued)}" Destination="{SIGN_IN}">'
            f'<saml:Issuer xmlns:saml="{ASSERTION}">{escape(self.issuer)}</saml:Issuer>'
            + (self.signature(self.response_id) if self.sign == "response" else "")
            + f'<samlp:Status><samlp:StatusCode Value="{self.status}"/></samlp:Status>{self.assertion()}'
            "</samlp:Response>"
        )


class Idp:
    """An identity provider with one key."""

    def __init__(self, folder: Path, entity_id: str = "https://idp.example.com/saml") -> None:
        self.folder = folder
        self.entity_id = entity_id
        self.key, self.certificate = self_signed(folder, "idp")

    def metadata(self, valid_until: str | None = None) -> str:
        lines = self.certificate.read_text().splitlines()
        certificate = "\n".join(line for line in lines if not line.startswith("-----"))
        until = f' validUntil="{valid_until}"' if valid_until else ""
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f'<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{self.entity_id}"{until}>'
            f'<md:IDPSSODescriptor protocolSupportEnumeration="{PROTOCOL}"><md:KeyDescriptor use="signing">'
            '<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>'
            f"{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
            f"<md:NameIDFormat>{PERSISTENT}</md:NameIDFormat>"
            '<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" '
            'Location="https://idp.example.com/sso"/></md:IDPSSODescriptor></md:EntityDescriptor>'
        )

    def response(self, role: str, provider: str, **changed: Any) -> Response:
        """`attributes` come beside the role and the session's name, or in their place (None takes one out)."""
        attributes: dict[str, Any] = {f"{ATTRIBUTES}Role": [f"{role},{provider}"]}
        attributes[f"{ATTRIBUTES}RoleSessionName"] = ["session"]
        attributes |= changed.pop("attributes", {})
        kept = {name: values for name, values in attributes.items() if values is not None}
        return Response(**({"issuer": self.entity_id, "attributes": kept} | changed))

    def sign(self, xml: str) -> str:
        unsigned = self.folder / f"{uuid.uuid4().hex}.xml"
        unsigned.write_text(xml)
        signed = subprocess.run(
            [
                "xmlsec1",
                "--sign",
                "--privkey-pem",
                f"{self.key},{self.certificate}",
                "--id-attr:ID",
                f"{ASSERTION}:Assertion",
                "--id-attr:ID",
                f"{PROTOCOL}:Response",
                str(unsigned),
            ],
            check=True,
            capture_output=True,
            text=True,
        )
        return signed.stdout

    def encrypt(
        self,
        xml: str,
        certificate: Path,
        content: str = f"{ENCRYPTION_11}aes256-gcm",
        transport: str = f"{ENCRYPTION}rsa-oaep-mgf1p",
        is_beside: bool = False,
    ) -> str:
        """With its assertion encrypted for the key of that certificate. `is_beside`: that key's place."""
        begin, end = xml.index("<saml:Assertion "), xml.index("</saml:Assertion>") + len("</saml:Assertion>")
        plain, template = self.folder / f"{uuid.uuid4().hex}.xml", self.folder / f"{uuid.uuid4().hex}.xml"
        plain.write_text(xml[begin:end])
        template.write_text(
            f'<xenc:EncryptedData xmlns:xenc="{ENCRYPTION}" Type="{ENCRYPTION}Element">'
            f'<xenc:EncryptionMethod Algorithm="{content}"/>'
            '<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><xenc:EncryptedKey>'
            f'<xenc:EncryptionMethod Algorithm="{transport}"/><ds:KeyInfo><ds:KeyName/></ds:KeyInfo>'
            "<xenc:CipherData><xenc:CipherValue/></xenc:CipherData></xenc:EncryptedKey></ds:KeyInfo>"
            "<xenc:CipherData><xenc:CipherValue/></xenc:CipherData></xenc:EncryptedData>"
        )
        size = content[-7:-4]
        command = ["xmlsec1", "--encrypt", "--pubkey-cert-pem", str(certificate), "--session-key", f"aes-{size}"]
        made = subprocess.run(
            [*command, "--xml-data", str(plain), str(template)], check=True, capture_output=True, text=True
        ).stdout
        encrypted = made.split("?>", 1)[1].strip()
        if is_beside:
            first, last = encrypted.index("<ds:KeyInfo "), encrypted.rindex("</ds:KeyInfo>") + len("</ds:KeyInfo>")
            key = encrypted[encrypted.index("<xenc:EncryptedKey>") : encrypted.index("</xenc:EncryptedKey>")]
            key = key.replace("<xenc:EncryptedKey>", f'<xenc:EncryptedKey xmlns:xenc="{ENCRYPTION}">', 1)
            key = key.replace("<ds:KeyInfo>", '<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">', 1)
            encrypted = encrypted[:first] + encrypted[last:] + key + "</xenc:EncryptedKey>"
        wrapped = f'<saml:EncryptedAssertion xmlns:saml="{ASSERTION}">{encrypted}</saml:EncryptedAssertion>'
        return xml[:begin] + wrapped + xml[end:]

    def post(self, response: Response) -> str:
        """Signed, as it is posted."""
        return as_posted(self.sign(response.xml()))


def as_posted(xml: str) -> str:
    return base64.b64encode(xml.encode()).decode()
