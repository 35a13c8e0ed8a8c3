//! Who sells a model, in OpenTelemetry's words where it has one.

/// litellm's words and others', and the seller's.
const WORDS: &[(&str, &str)] = &[
    ("amazon_nova", "aws.bedrock"),
    ("bedrock", "aws.bedrock"),
    ("bedrock_converse", "aws.bedrock"),
    ("bedrock_mantle", "aws.bedrock"),
    ("azure", "azure.ai.openai"),
    ("azure_text", "azure.ai.openai"),
    ("azure_ai", "azure.ai.inference"),
    ("codestral", "codestral"),
    ("cohere_chat", "cohere"),
    ("fireworks", "fireworks_ai"),
    ("fireworks_ai-embedding-models", "fireworks_ai"),
    ("gemini", "gcp.gemini"),
    ("google", "gcp.gen_ai"),
    ("google_ai_studio", "gcp.gemini"),
    ("mistral", "mistral_ai"),
    ("moonshot", "moonshot_ai"),
    ("moonshotai", "moonshot_ai"),
    ("text-completion-codestral", "codestral"),
    ("text-completion-openai", "openai"),
    ("together", "together_ai"),
    ("togetherai", "together_ai"),
    ("vertex_ai", "gcp.vertex_ai"),
    ("watsonx", "ibm.watsonx.ai"),
    ("xai", "x_ai"),
    ("x-ai", "x_ai"),
    ("z-ai", "zai"),
];

/// Where one seller sells under several words.
const KIN: &[(&str, &[&str])] = &[
    ("gcp.gen_ai", &["gcp.gemini", "gcp.vertex_ai"]),
    ("azure.ai.openai", &["azure.ai.openai", "azure.ai.inference"]),
    ("azure.ai.inference", &["azure.ai.inference", "azure.ai.openai"]),
];

/// Who makes models that nobody else can run without selling them: whoever passes them on asks about the maker's price.
pub(super) const CLOSED: [&str; 4] = ["anthropic", "openai", "gcp.gemini", "x_ai"];

/// Who makes models whose weights are open. Their price is the likeliest only when nothing says who runs the model.
pub(super) const OPEN: [&str; 5] = ["deepseek", "mistral_ai", "cohere", "moonshot_ai", "zai"];

/// The seller that a word means; a word that is not known is a seller of its own.
pub(super) fn seller(word: &str) -> &str {
    if word.starts_with("vertex_ai-") {
        return "gcp.vertex_ai";
    }
    WORDS.iter().find(|(other, _)| *other == word).map_or(word, |(_, seller)| *seller)
}

/// The sellers among whom a model of this one is looked for.
pub(super) fn kin<'a>(seller: &'a &'a str) -> &'a [&'a str] {
    KIN.iter().find(|(of, _)| of == seller).map_or(std::slice::from_ref(seller), |(_, kin)| kin)
}

/// Whether a provider's name says how somebody is spoken to and not who that is: every gateway speaks OpenAI's protocol.
pub(super) fn is_protocol(seller: &str) -> bool {
    seller == "openai"
}
