//! The names that one model goes by.

/// The regions that Bedrock's inference profiles begin with. Some are priced apart, and then listed with the region.
const REGIONS: [&str; 13] =
    ["us", "us-gov", "eu", "apac", "jp", "au", "ca", "in", "sa", "me", "af", "uk", "global"];

/// Who a Bedrock model is named after: `anthropic.claude-…`.
const VENDORS: [&str; 16] = [
    "ai21",
    "amazon",
    "anthropic",
    "cohere",
    "deepseek",
    "google",
    "luma",
    "meta",
    "minimax",
    "mistral",
    "moonshotai",
    "nvidia",
    "openai",
    "qwen",
    "twelvelabs",
    "writer",
];

/// Words for the newest version.
const NEWEST: [&str; 3] = ["-latest", "@latest", "@default"];

/// A name in lower case and what it may be listed as, the most exact first: without the path of an address, without the
/// organisation that fine-tuned it and the length of context that Claude Code puts in brackets, without the region, without version and date, and with dashes for
/// dots (OpenRouter's and Copilot's `claude-sonnet-4.5`).
pub(super) fn variants(said: &str) -> Vec<String> {
    let mut names = vec![said.trim().to_ascii_lowercase()];
    let mut more = |from: &dyn Fn(&str) -> Option<String>| {
        for at in 0..names.len() {
            if let Some(name) = from(&names[at])
                && !names.contains(&name)
            {
                names.push(name);
            }
        }
    };
    more(&|name| without_path(name).map(str::to_owned));
    more(&|name| fine_tuned(name).map(str::to_owned));
    more(&|name| Some(name.strip_suffix(']')?.rsplit_once('[')?.0.to_owned()));
    more(&|name| without_region(name).map(str::to_owned));
    more(&|name| without_version(name).map(str::to_owned));
    more(&|name| name.starts_with("claude").then(|| name.replace('.', "-")));
    names
}

/// `models/gemini-…`, `projects/…/publishers/google/models/gemini-…`, `arn:aws:bedrock:…:inference-profile/us.anthropic.…`.
fn without_path(name: &str) -> Option<&str> {
    let address = name.starts_with("arn:") || name.starts_with("models/") || name.contains("/models/");
    // Fireworks lists its models with the whole path, which is exact and comes first.
    name.rsplit_once('/').filter(|_| address).map(|(_, model)| model)
}

/// `ft:gpt-4o-2024-08-06:our-organisation::abc` is listed without whose it is.
fn fine_tuned(name: &str) -> Option<&str> {
    let model = name.strip_prefix("ft:")?.split(':').next()?;
    name.get(..model.len() + 3)
}

fn without_region(name: &str) -> Option<&str> {
    let (region, model) = name.split_once('.')?;
    REGIONS.contains(&region).then_some(model)
}

/// Whether it is named as Bedrock names models.
pub(super) fn is_bedrocks(said: &str) -> bool {
    let name = said.trim().to_ascii_lowercase();
    let name = without_path(&name).unwrap_or(&name);
    let name = without_region(name).unwrap_or(name);
    name.split_once('.').is_some_and(|(vendor, _)| VENDORS.contains(&vendor))
}

/// Whether it is named as Vertex AI names the models of others.
pub(super) fn is_vertexs(said: &str) -> bool {
    said.rsplit_once('@').is_some_and(|(_, version)| is_date(version) || version == "default")
}

/// Without a date, a version of Bedrock's, or a word for the newest; nothing when there is none of these.
pub(super) fn without_version(name: &str) -> Option<&str> {
    let mut left = name;
    if is_bedrocks(left) {
        // `-v1:0`, with a length of context behind it or not.
        let numbers = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || b":k".contains(&byte));
        if let Some((model, version)) = left.rsplit_once("-v")
            && version.starts_with(|first: char| first.is_ascii_digit())
            && numbers(version)
        {
            left = model;
        }
    }
    left = NEWEST.iter().find_map(|word| left.strip_suffix(word)).unwrap_or(left);
    left = without_date(left).unwrap_or(left);
    (left.len() < name.len()).then_some(left)
}

/// Without `-20250929`, `@20250929` or `-2025-08-07` at the end.
fn without_date(name: &str) -> Option<&str> {
    [8, 10].into_iter().find_map(|length| {
        let (model, date) = name.split_at_checked(name.len().checked_sub(length)?)?;
        model.strip_suffix(['-', '@']).filter(|model| !model.is_empty() && is_date(date))
    })
}

fn is_date(text: &str) -> bool {
    let digits: Vec<u8> = match text.len() {
        8 => text.bytes().collect(),
        10 if matches!(text.as_bytes(), [_, _, _, _, b'-', _, _, b'-', _, _]) => {
            text.bytes().filter(|byte| *byte != b'-').collect()
        }
        _ => return false,
    };
    digits.len() == 8
        && digits.iter().all(u8::is_ascii_digit)
        && digits.starts_with(b"20")
        && digits[4] <= b'1'
        && digits[6] <= b'3'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_sought_as_it_is_before_anything_is_taken_off_it() {
        for (said, names) in [
            ("GPT-5", vec!["gpt-5"]),
            ("gpt-5-2025-08-07", vec!["gpt-5-2025-08-07", "gpt-5"]),
            ("claude-sonnet-4-5@20250929", vec!["claude-sonnet-4-5@20250929", "claude-sonnet-4-5"]),
            ("claude-3-5-haiku-latest", vec!["claude-3-5-haiku-latest", "claude-3-5-haiku"]),
            ("claude-sonnet-4.5", vec!["claude-sonnet-4.5", "claude-sonnet-4-5"]),
            ("models/gemini-2.5-pro", vec!["models/gemini-2.5-pro", "gemini-2.5-pro"]),
            (
                "eu.anthropic.claude-sonnet-4-5-20250929-v1:0",
                vec![
                    "eu.anthropic.claude-sonnet-4-5-20250929-v1:0",
                    "anthropic.claude-sonnet-4-5-20250929-v1:0",
                    "eu.anthropic.claude-sonnet-4-5",
                    "anthropic.claude-sonnet-4-5",
                ],
            ),
            (
                "ft:gpt-4o-2024-08-06:ours::a1",
                vec!["ft:gpt-4o-2024-08-06:ours::a1", "ft:gpt-4o-2024-08-06", "ft:gpt-4o"],
            ),
            ("deepseek-v3", vec!["deepseek-v3"]),
            ("gpt-4-0613", vec!["gpt-4-0613"]),
            ("x-20251399", vec!["x-20251399"]),
            ("claude-opus-5[1m]", vec!["claude-opus-5[1m]", "claude-opus-5"]),
            ("-20250929", vec!["-20250929"]),
            ("ü20250929", vec!["ü20250929"]),
        ] {
            assert_eq!(variants(said), names, "{said}");
        }
    }

    #[test]
    fn the_address_of_an_inference_profile_ends_in_the_model() {
        let profile = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-pro-v1:0";
        assert!(variants(profile).contains(&"amazon.nova-pro".to_owned()));
        assert!(is_bedrocks(profile) && is_bedrocks("global.anthropic.claude-opus-4-6-v1"));
        assert!(!is_bedrocks("gemini-2.5-pro") && !is_bedrocks("claude-sonnet-4.5"));
    }
}
