//! The client of a chat completions endpoint.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::oneshot;

use super::protocol::{ChatRequest, ChatResponse, Message};

/// Models may think for minutes; longer than this they are taken for dead.
const TIMEOUT: Duration = Duration::from_secs(300);

/// The longest answer that is read, in bytes.
const MAX_ANSWER_BYTES: u64 = 8 * 1024 * 1024;

/// A model behind a chat completions endpoint. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    http: ureq::Agent,
    endpoint: Arc<str>,
    key: Option<Arc<str>>,
    /// What the model is called in requests.
    pub(crate) name: Arc<str>,
    /// Who runs it.
    pub(crate) provider: &'static str,
}

/// Why the model gave no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ModelError {
    #[error("the model cannot be reached: {0}")]
    Unreachable(String),
    #[error("the model answered {status}: {body}")]
    Refused { status: u16, body: String },
    #[error("the model's answer is not understood: {0}")]
    Malformed(String),
}

impl ModelError {
    /// A short class, for `error.type`.
    pub(crate) fn class(&self) -> &'static str {
        match self {
            Self::Unreachable(_) => "unreachable",
            Self::Refused { .. } => "refused",
            Self::Malformed(_) => "malformed_answer",
        }
    }
}

impl Model {
    /// The model of the environment: `OPENAI_BASE_URL`, `OPENAI_API_KEY`, `OPENAI_MODEL`. `None` when neither of the
    /// first two is set.
    pub(crate) fn from_env() -> Option<Self> {
        let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let (base, key) = (variable("OPENAI_BASE_URL"), variable("OPENAI_API_KEY"));
        if base.is_none() && key.is_none() {
            return None;
        }
        let base = base.unwrap_or_else(|| "https://api.openai.com/v1".to_owned());
        let name = variable("OPENAI_MODEL").unwrap_or_else(|| "gpt-5-mini".to_owned());
        Some(Self::new("openai", &base, key.as_deref(), &name))
    }

    /// A model at `{base}/chat/completions`.
    pub(crate) fn new(provider: &'static str, base: &str, key: Option<&str>, name: &str) -> Self {
        // A refusal carries its reason in the body, so it must not become a bare status error.
        let config =
            ureq::Agent::config_builder().timeout_global(Some(TIMEOUT)).http_status_as_error(false).build();
        Self {
            http: config.into(),
            endpoint: format!("{}/chat/completions", base.trim_end_matches('/')).into(),
            key: key.map(Into::into),
            name: name.into(),
            provider,
        }
    }

    /// Asks for the next message.
    ///
    /// The request blocks a thread of its own rather than one of the runtime's: at its end the runtime waits for those,
    /// and a model that thinks for minutes would keep a host from stopping.
    ///
    /// # Errors
    ///
    /// When there is no usable answer.
    pub(crate) async fn complete(
        &self,
        messages: Vec<Message>,
        tools: Value,
    ) -> Result<ChatResponse, ModelError> {
        let (model, (answer, answered)) = (self.clone(), oneshot::channel());
        let ask = move || _ = answer.send(model.complete_blocking(messages, tools));
        let asking = std::thread::Builder::new().name("model".to_owned()).spawn(ask);
        asking.map_err(|error| ModelError::Unreachable(error.to_string()))?;
        answered.await.unwrap_or_else(|_| Err(ModelError::Unreachable("the client panicked".to_owned())))
    }

    fn complete_blocking(&self, messages: Vec<Message>, tools: Value) -> Result<ChatResponse, ModelError> {
        let body = ChatRequest { model: self.name.to_string(), messages, tools };
        let mut request = self.http.post(&*self.endpoint);
        if let Some(key) = &self.key {
            request = request.header("Authorization", format!("Bearer {key}"));
        }
        let mut response =
            request.send_json(&body).map_err(|error| ModelError::Unreachable(error.to_string()))?;
        let status = response.status();
        let text = response
            .body_mut()
            .with_config()
            .limit(MAX_ANSWER_BYTES)
            .read_to_string()
            .map_err(|error| ModelError::Unreachable(error.to_string()))?;
        if !status.is_success() {
            let body = text.chars().take(500).collect();
            return Err(ModelError::Refused { status: status.as_u16(), body });
        }
        serde_json::from_str(&text).map_err(|error| ModelError::Malformed(error.to_string()))
    }
}
