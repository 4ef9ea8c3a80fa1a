//! One side's certificates and demands. Made once for an endpoint, shared by all its connections: they
//! take up each other's sessions that way.
//!
//! The crypto is ring's. Versions before 1.2, compression and renegotiation don't exist here.

use std::sync::Arc;

use rustls::{
    ClientConfig, RootCertStore, ServerConfig, SupportedProtocolVersion,
    client::WebPkiServerVerifier,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName},
    server::WebPkiClientVerifier,
    version::{TLS12, TLS13},
};

use super::verify::{OfClients, OfServers, Pins};
use crate::error::{Error, Kind, Result};

/// What an application wants of TLS, in DER.
#[derive(Debug, Clone)]
pub struct TlsOptions {
    /// Our own certificate and key; a server needs one.
    pub identity: Option<Identity>,
    /// Who may sign the other side's certificate.
    pub roots: Vec<Vec<u8>>,
    /// Whether a client must show a certificate: true asks for one.
    pub request_cert: bool,
    /// Whether a certificate that isn't good, or a missing one that was asked for, ends the
    /// connection. Without, it is only told.
    pub reject_unauthorized: bool,
    /// What is spoken inside, best first; the other side must agree on one. Empty: nobody asks.
    pub protocols: Vec<String>,
    /// The oldest version.
    pub oldest: Version,
    /// The newest version.
    pub newest: Version,
}

/// A certificate and what proves that it is ours.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The certificate, and those that lead to a root.
    pub chain: Vec<Vec<u8>>,
    /// PKCS #8.
    pub key: Vec<u8>,
}

/// Versions of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// 1.2
    V12,
    /// 1.3
    V13,
}

/// A client's side.
#[derive(Debug, Clone)]
pub struct ClientTls {
    pub(super) config: Arc<ClientConfig>,
    pub(super) verifier: Arc<OfServers>,
    pub(super) name: ServerName<'static>,
}

/// A server's side.
#[derive(Debug, Clone)]
pub struct ServerTls {
    pub(super) config: Arc<ServerConfig>,
    /// None if nobody is asked for a certificate.
    pub(super) verifier: Option<Arc<OfClients>>,
}

impl ClientTls {
    /// Reads a client's options. `name` is the one that the server's certificate must be for: a
    /// host's name or an address.
    ///
    /// # Errors
    ///
    /// [`Kind::InvalidArg`], naming the option that can't be used.
    pub fn new(options: &TlsOptions, name: &str) -> Result<Self> {
        let provider = Arc::new(ring::default_provider());
        let roots = Arc::new(roots_of(options)?);
        let verifier = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider));
        let verifier = verifier.build().map_err(|error| wrong("ca", &error))?;
        let pins = Pins::new(&options.roots);
        let verifier = Arc::new(OfServers::new(verifier, pins, options.reject_unauthorized));
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&versions_of(options))
            .map_err(|error| wrong("minVersion", &error))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(&verifier) as _);
        let mut config = match &options.identity {
            None => builder.with_no_client_auth(),
            Some(identity) => {
                let (chain, key) = identity.parts(&provider)?;
                let config = builder.with_client_auth_cert(chain, key);
                config.map_err(|error| wrong("cert", &error))?
            }
        };
        config.alpn_protocols = protocols_of(options);
        Ok(Self { config: Arc::new(config), verifier, name: server_name(name)? })
    }

    /// The same for another name.
    ///
    /// # Errors
    ///
    /// [`Kind::InvalidArg`] for what is no name.
    pub fn towards(&self, name: &str) -> Result<Self> {
        Ok(Self { name: server_name(name)?, ..self.clone() })
    }
}

impl ServerTls {
    /// Reads a server's options.
    ///
    /// # Errors
    ///
    /// [`Kind::InvalidArg`], naming the option that can't be used.
    pub fn new(options: &TlsOptions) -> Result<Self> {
        let provider = Arc::new(ring::default_provider());
        let Some(identity) = &options.identity else {
            return Err(Error::local(Kind::InvalidArg, "endpoint.tls.cert is missing"));
        };
        let verifier = if options.request_cert {
            let roots = Arc::new(roots_of(options)?);
            let verifier =
                WebPkiClientVerifier::builder_with_provider(roots, Arc::clone(&provider));
            let verifier = verifier.build().map_err(|error| wrong("ca", &error))?;
            let pins = Pins::new(&options.roots);
            Some(Arc::new(OfClients::new(verifier, pins, options.reject_unauthorized)))
        } else {
            None
        };
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&versions_of(options))
            .map_err(|error| wrong("minVersion", &error))?;
        let builder = match &verifier {
            None => builder.with_no_client_auth(),
            Some(verifier) => builder.with_client_cert_verifier(Arc::clone(verifier) as _),
        };
        let (chain, key) = identity.parts(&provider)?;
        let mut config =
            builder.with_single_cert(chain, key).map_err(|error| wrong("cert", &error))?;
        config.alpn_protocols = protocols_of(options);
        Ok(Self { config: Arc::new(config), verifier })
    }
}

// Two that were made apart are different even if they say the same.
impl PartialEq for ClientTls {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.config, &other.config) && self.name == other.name
    }
}

impl Eq for ClientTls {}

impl PartialEq for ServerTls {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.config, &other.config)
    }
}

impl Eq for ServerTls {}

impl Identity {
    /// Checks the key alone first, so that an unfit one isn't blamed on the certificate.
    fn parts(
        &self,
        provider: &CryptoProvider,
    ) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
        let key: PrivateKeyDer<'static> = PrivatePkcs8KeyDer::from(self.key.clone()).into();
        let loaded = provider.key_provider.load_private_key(key.clone_key());
        loaded.map_err(|error| wrong("key", &error))?;
        Ok((self.chain.iter().cloned().map(CertificateDer::from).collect(), key))
    }
}

fn roots_of(options: &TlsOptions) -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    // Among the system's there are always some that are too old to be understood; of those that an
    // application has chosen, JavaScript has looked at each.
    roots.add_parsable_certificates(options.roots.iter().cloned().map(CertificateDer::from));
    if roots.is_empty() {
        return Err(Error::local(Kind::InvalidArg, "endpoint.tls.ca has no usable certificate"));
    }
    Ok(roots)
}

fn versions_of(options: &TlsOptions) -> Vec<&'static SupportedProtocolVersion> {
    let all = [(Version::V12, &TLS12), (Version::V13, &TLS13)];
    let wanted = options.oldest..=options.newest;
    all.into_iter().filter(|(version, _)| wanted.contains(version)).map(|(_, it)| it).collect()
}

fn protocols_of(options: &TlsOptions) -> Vec<Vec<u8>> {
    options.protocols.iter().map(|name| name.clone().into_bytes()).collect()
}

fn server_name(name: &str) -> Result<ServerName<'static>> {
    ServerName::try_from(name.to_owned()).map_err(|_| {
        let message = format!("endpoint.tls.servername must be a host's name, not {name:?}");
        Error::local(Kind::InvalidArg, message)
    })
}

fn wrong(option: &str, why: &dyn std::fmt::Display) -> Error {
    Error::local(Kind::InvalidArg, format!("endpoint.tls.{option} can't be used: {why}"))
}
