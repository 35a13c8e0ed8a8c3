//! Who runs a model, in OpenTelemetry's words.

/// Other words, in lower case, and OpenTelemetry's.
const ALIASES: &[(&str, &str)] = &[
    ("vertex_ai", "gcp.vertex_ai"),
    ("vertexai", "gcp.vertex_ai"),
    ("google.vertex", "gcp.vertex_ai"),
    ("gemini", "gcp.gemini"),
    ("google.generative-ai", "gcp.gemini"),
    ("google", "gcp.gen_ai"),
    ("az.ai.openai", "azure.ai.openai"),
    ("az.ai.inference", "azure.ai.inference"),
    ("azure-openai", "azure.ai.openai"),
    ("azure", "azure.ai.openai"),
    ("aws", "aws.bedrock"),
    ("bedrock", "aws.bedrock"),
    ("amazon-bedrock", "aws.bedrock"),
    ("mistral", "mistral_ai"),
    ("mistralai", "mistral_ai"),
    ("xai", "x_ai"),
    ("watsonx", "ibm.watsonx.ai"),
    ("moonshot", "moonshot_ai"),
    ("moonshotai", "moonshot_ai"),
];

/// Frameworks that some instrumentations name where the provider belongs.
const FRAMEWORKS: [&str; 6] = ["langchain", "langgraph", "llamaindex", "llama_index", "crewai", "haystack"];

/// Whether a name is that of a framework, which runs no model.
pub(super) fn is_framework(name: &str) -> bool {
    FRAMEWORKS.iter().any(|framework| framework.eq_ignore_ascii_case(name.trim()))
}

/// OpenTelemetry's word for a provider, in lower case; an unknown one stays as it is.
pub(super) fn name(said: &str) -> String {
    let said = said.to_ascii_lowercase();
    // The Vercel AI SDK adds the interface: openai.responses, anthropic.messages, google.vertex.chat.
    let vendor = said.rsplit_once('.').filter(|(_, interface)| {
        matches!(*interface, "chat" | "responses" | "messages" | "completion" | "embedding" | "image")
    });
    let name = vendor.map_or(said.as_str(), |(vendor, _)| vendor);
    ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, name)| name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_and_foreign_words_become_opentelemetrys() {
        for (said, meant) in [
            ("openai", "openai"),
            ("Openai", "openai"),
            ("vertex_ai", "gcp.vertex_ai"),
            ("az.ai.inference", "azure.ai.inference"),
            ("xai", "x_ai"),
            ("openai.responses", "openai"),
            ("google.vertex.chat", "gcp.vertex_ai"),
            ("amazon-bedrock", "aws.bedrock"),
            ("aws.bedrock", "aws.bedrock"),
            ("my-own", "my-own"),
        ] {
            assert_eq!(name(said), meant, "{said}");
        }
        assert!(is_framework("LangChain") && !is_framework("openai"));
    }
}
