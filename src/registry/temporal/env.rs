//! The settings that Temporal's own programs read from the environment, by
//! [its names](https://docs.temporal.io/references/client-environment-configuration).
//!
//! Its library for them is not used: that reads files of its own as well, with a dependency under a licence that this crate keeps
//! out.

use std::fs;

use super::settings::{InvalidTemporal, TemporalBuilder};

/// Where Temporal's development server is.
pub(super) const DEFAULT_TEMPORAL_ADDRESS: &str = "127.0.0.1:7233";

/// The settings, as `variable` gives each by its name. An empty one is none.
pub(super) fn read(variable: impl Fn(&str) -> Option<String>) -> Result<TemporalBuilder, InvalidTemporal> {
    let given = |name: &str| variable(name).filter(|value| !value.is_empty());
    let address = given("TEMPORAL_ADDRESS").unwrap_or_else(|| DEFAULT_TEMPORAL_ADDRESS.to_owned());
    let address = match given("TEMPORAL_TLS") {
        None => address,
        Some(_) if address.contains("://") => address,
        Some(wanted) if wanted.eq_ignore_ascii_case("true") => format!("https://{address}"),
        Some(wanted) if wanted.eq_ignore_ascii_case("false") => format!("http://{address}"),
        Some(_) => return Err(InvalidTemporal("TEMPORAL_TLS is `true` or `false`".to_owned())),
    };
    let mut builder = TemporalBuilder::new(address);
    if let Some(namespace) = given("TEMPORAL_NAMESPACE") {
        builder = builder.namespace(namespace);
    }
    if let Some(key) = given("TEMPORAL_API_KEY") {
        builder = builder.api_key(key);
    }
    if let Some(name) = given("TEMPORAL_TLS_SERVER_NAME") {
        builder = builder.server_name(name);
    }
    if let Some(ca) = pem(&given, "TEMPORAL_TLS_SERVER_CA_CERT")? {
        builder = builder.server_ca(ca);
    }
    let certificate = pem(&given, "TEMPORAL_TLS_CLIENT_CERT")?;
    match (certificate, pem(&given, "TEMPORAL_TLS_CLIENT_KEY")?) {
        (Some(certificate), Some(key)) => Ok(builder.client_certificate(certificate, key)),
        (None, None) => Ok(builder),
        _ => Err(InvalidTemporal("a client's certificate and its key go together: TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH".to_owned())),
    }
}

/// A certificate or key: in the variable itself, or in the file that another one names.
fn pem(given: &impl Fn(&str) -> Option<String>, what: &str) -> Result<Option<Vec<u8>>, InvalidTemporal> {
    let (data, path) = (format!("{what}_DATA"), format!("{what}_PATH"));
    match (given(&data), given(&path)) {
        (Some(_), Some(_)) => Err(InvalidTemporal(format!("{data} and {path} are both set; one is enough"))),
        (Some(pem), None) => Ok(Some(pem.into_bytes())),
        (None, Some(file)) => fs::read(&file).map(Some).map_err(|error| {
            InvalidTemporal(format!("{path} names a file that cannot be read, {file}: {error}"))
        }),
        (None, None) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(variables: &[(&str, &str)]) -> Result<String, String> {
        let variable = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        let built = read(variable).and_then(TemporalBuilder::build);
        built.map(|temporal| temporal.address()).map_err(|error| error.to_string())
    }

    #[test]
    fn nothing_said_is_the_development_server() {
        assert_eq!(told(&[]).unwrap(), "http://127.0.0.1:7233");
        assert_eq!(
            told(&[("TEMPORAL_ADDRESS", ""), ("TEMPORAL_API_KEY", "")]).unwrap(),
            "http://127.0.0.1:7233"
        );
    }

    #[test]
    fn a_key_is_sent_by_tls_and_tls_can_be_asked_for_alone() {
        let address = ("TEMPORAL_ADDRESS", "ns.tmprl.cloud:7233");
        assert_eq!(told(&[address, ("TEMPORAL_API_KEY", "k")]).unwrap(), "https://ns.tmprl.cloud:7233");
        assert_eq!(told(&[address, ("TEMPORAL_TLS", "true")]).unwrap(), "https://ns.tmprl.cloud:7233");
        assert!(told(&[address, ("TEMPORAL_API_KEY", "k"), ("TEMPORAL_TLS", "false")]).is_err());
        assert_eq!(told(&[("TEMPORAL_TLS", "yes")]).unwrap_err(), "TEMPORAL_TLS is `true` or `false`");
    }

    #[test]
    fn half_a_certificate_and_a_file_that_is_not_there_are_told_by_name() {
        let half = told(&[("TEMPORAL_TLS_CLIENT_CERT_DATA", "pem")]).unwrap_err();
        assert!(half.contains("TEMPORAL_TLS_CLIENT_KEY_PATH"), "{half}");
        let missing = told(&[("TEMPORAL_TLS_SERVER_CA_CERT_PATH", "/there/is/none.pem")]).unwrap_err();
        assert!(
            missing.contains("TEMPORAL_TLS_SERVER_CA_CERT_PATH") && missing.contains("none.pem"),
            "{missing}"
        );
        let both = [("TEMPORAL_TLS_SERVER_CA_CERT_PATH", "x"), ("TEMPORAL_TLS_SERVER_CA_CERT_DATA", "y")];
        assert!(told(&both).unwrap_err().contains("one is enough"));
    }
}
