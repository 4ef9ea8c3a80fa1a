//! Whether a certificate is good: signed by a root, in its time, for the name.
//!
//! What rustls says counts, with one addition. People make a certificate that signs itself and hand
//! it to the other side as `ca`; most tools make it one of an authority, which rustls then doesn't take
//! for a server's own. One that is *itself* among the given roots is trusted as it is.

use std::sync::Arc;

use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, OtherError, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_name,
    },
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::{
        ParsedCertificate,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
};

/// Certificates that are trusted as they are, not only for what they have signed.
#[derive(Debug)]
pub(super) struct Pins(Vec<Vec<u8>>);

/// Looks at servers' certificates.
#[derive(Debug)]
pub(crate) struct OfServers {
    inner: Arc<WebPkiServerVerifier>,
    pins: Pins,
    /// Bad ones are refused, not only reported.
    strict: bool,
}

/// Looks at clients' certificates.
#[derive(Debug)]
pub(crate) struct OfClients {
    inner: Arc<dyn ClientCertVerifier>,
    pins: Pins,
    strict: bool,
}

impl Pins {
    pub(super) fn new(roots: &[Vec<u8>]) -> Self {
        Self(roots.to_vec())
    }

    /// Whether the one thing that is wrong with a certificate is that it belongs to an authority,
    /// which we were told to trust. Its time has been checked before that comes up.
    fn excuse(&self, error: &Error, certificate: &CertificateDer<'_>) -> bool {
        let Error::InvalidCertificate(CertificateError::Other(OtherError(error))) = error else {
            return false;
        };
        let of_authority = Some(&webpki::Error::CaUsedAsEndEntity);
        error.downcast_ref::<webpki::Error>() == of_authority
            && self.0.iter().any(|root| root == certificate.as_ref())
    }
}

impl OfServers {
    pub(super) const fn new(inner: Arc<WebPkiServerVerifier>, pins: Pins, strict: bool) -> Self {
        Self { inner, pins, strict }
    }

    /// What is wrong with a server's certificate.
    pub(super) fn check(
        &self,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<(), Error> {
        let (own, others) = chain.split_first().ok_or(Error::NoCertificatesPresented)?;
        match self.inner.verify_server_cert(own, others, name, ocsp, now) {
            Ok(_) => Ok(()),
            Err(error) if self.pins.excuse(&error, own) => {
                verify_server_name(&ParsedCertificate::try_from(own)?, name)
            }
            Err(error) => Err(error),
        }
    }
}

impl OfClients {
    pub(super) const fn new(inner: Arc<dyn ClientCertVerifier>, pins: Pins, strict: bool) -> Self {
        Self { inner, pins, strict }
    }

    /// What is wrong with a client's certificate.
    pub(super) fn check(&self, chain: &[CertificateDer<'_>], now: UnixTime) -> Result<(), Error> {
        let (own, others) = chain.split_first().ok_or(Error::NoCertificatesPresented)?;
        match self.inner.verify_client_cert(own, others, now) {
            Ok(_) => Ok(()),
            Err(error) if self.pins.excuse(&error, own) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

impl ServerCertVerifier for OfServers {
    fn verify_server_cert(
        &self,
        own: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if self.strict {
            let chain: Vec<_> = std::iter::once(own).chain(others).cloned().collect();
            self.check(&chain, name, ocsp, now)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

impl ClientCertVerifier for OfClients {
    fn client_auth_mandatory(&self) -> bool {
        self.strict
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.inner.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        own: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        if self.strict {
            let chain: Vec<_> = std::iter::once(own).chain(others).cloned().collect();
            self.check(&chain, now)?;
        }
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}
