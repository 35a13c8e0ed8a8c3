//! How programs say who they are.

use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};

/// The name of `Authorization: Bearer` in the document.
const BEARER: &str = "bearer_token";

/// The name of our own header in the document.
const HEADER: &str = "token_header";

/// Says that every request may carry the token, in one of two headers, and that it may do without where the host lets it.
pub(super) fn tell_token(document: &mut OpenApi) {
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("The inspector's token, which is printed when it starts or set by the host."))
        .build();
    let header = ApiKeyValue::with_description(
        "X-Inspector-Token",
        "The same token, where `Authorization` is taken by a proxy or the host.",
    );
    let components = document.components.get_or_insert_default();
    components.add_security_scheme(BEARER, SecurityScheme::Http(bearer));
    components.add_security_scheme(HEADER, SecurityScheme::ApiKey(ApiKey::Header(header)));
    let none: [String; 0] = [];
    document.security = Some(vec![
        // Direct requests from the same machine need no token unless the host asks for it.
        SecurityRequirement::default(),
        SecurityRequirement::new(BEARER, none.clone()),
        SecurityRequirement::new(HEADER, none),
    ]);
}
