//! The attributes of the layer's spans, laid flat: a request has some ten of them, and a server may have thousands of requests.

use crate::capture::flat::{Flat, Number};
use crate::model::{AttributeValue, Attributes, Key};

/// A longer text is allocated on its own, outside the lane's lock, because its own copy then costs more than its allocation.
const MAX_FLAT_TEXT: usize = 4096;

macro_rules! names {
    ($($name:ident = $text:literal,)+) => {
        /// The attributes that the layer sets.
        #[derive(Clone, Copy, Debug)]
        pub(super) enum Attribute {
            $($name,)+
        }

        /// Their names, in the order of [`Attribute`].
        pub(super) const NAMES: &[&str] = &[$($text,)+];
    };
}

names! {
    ClientName = "mcp.client.name",
    ClientVersion = "mcp.client.version",
    Cancelled = "mcp.cancellation.requested",
    ErrorType = "error.type",
    Input = "input.value",
    MethodName = "mcp.method.name",
    Operation = "gen_ai.operation.name",
    Output = "output.value",
    ProgressToken = "mcp.progress.token",
    PromptName = "gen_ai.prompt.name",
    PromptParameters = "mcp.prompt.parameters_json",
    PromptTemplate = "mcp.prompt.template_id",
    ProtocolVersion = "mcp.protocol.version",
    RequestId = "jsonrpc.request.id",
    ResourceBytes = "mcp.resource.bytes",
    ResourceType = "mcp.resource.mime_type",
    ResourceUri = "mcp.resource.uri",
    ResponseCode = "rpc.response.status_code",
    ResultType = "mcp.result.type",
    SessionId = "mcp.session.id",
    ToolInput = "mcp.tool.input_json",
    ToolName = "gen_ai.tool.name",
    ToolOutput = "mcp.tool.output_json",
    Transport = "network.transport",
    UnreadAnswer = "inspector.mcp.body",
    UnreadRequest = "inspector.mcp.request",
}

/// What is said of a span at one time.
#[derive(Debug)]
pub(super) struct Said<'a> {
    flat: &'a mut Flat,
    long: Attributes,
}

impl<'a> Said<'a> {
    /// `flat` must be empty.
    pub(super) fn new(flat: &'a mut Flat) -> Self {
        Self { flat, long: Attributes::new() }
    }

    /// Says a text; each name once.
    pub(super) fn text(&mut self, name: Attribute, text: &str) {
        if text.len() > MAX_FLAT_TEXT {
            self.long.push(Key::Borrowed(NAMES[name as usize]), AttributeValue::from(text));
        } else {
            let from = self.flat.write(text);
            self.flat.push_written(name as usize, from);
        }
    }

    /// Says a number or whether something is so.
    pub(super) fn number(&mut self, name: Attribute, value: Number) {
        self.flat.push(name as usize, value);
    }

    /// What lies flat, and what is too long for it.
    pub(super) fn done(self) -> (&'a Flat, Attributes) {
        (self.flat, self.long)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_found_again_short_or_long() {
        let long = "x".repeat(MAX_FLAT_TEXT + 1);
        Flat::scratch(|flat| {
            let mut said = Said::new(flat);
            said.text(Attribute::ToolName, "search");
            said.text(Attribute::ToolInput, &long);
            said.number(Attribute::ResourceBytes, Number::Int(7));
            let (flat, kept) = said.done();
            assert_eq!(kept.text("mcp.tool.input_json"), Some(long.as_str()));
            let attributes = flat.attributes(flat.whole(), NAMES);
            assert_eq!(attributes.text("gen_ai.tool.name"), Some("search"));
            assert_eq!(attributes.get("mcp.resource.bytes"), Some(&AttributeValue::Int(7)));
            assert_eq!(attributes.iter().count(), 2);
        });
    }
}
