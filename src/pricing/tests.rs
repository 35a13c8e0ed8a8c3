use std::io::Write;

use proptest::prelude::*;

use super::cost::usd;
use super::table::{MAX_RATE, Rates};
use super::*;
use crate::model::{SpanId, Timestamp, TraceId, Usage};

/// A list of ours, alone.
fn list(text: &str) -> Table {
    let mut table = Table::default();
    text::read(text, &mut table).unwrap();
    table.shorten();
    table
}

fn first_rate(price: Option<Arc<Price>>) -> Option<f64> {
    price.map(|price| price.rates(0).input.unwrap())
}

fn input_rate(table: &Table, provider: Option<&str>, model: &str) -> Option<f64> {
    first_rate(seek::price(table, provider, model))
}

fn shipped_rate(provider: Option<&str>, model: &str) -> Option<f64> {
    first_rate(Prices::default().price(provider, model))
}

fn with_file(text: &str) -> Result<Prices, String> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    Prices::with_file(file.path())
}

#[test]
fn the_shipped_list_can_be_read_and_has_a_date() {
    let mut table = Table::default();
    assert_eq!(text::read(SNAPSHOT, &mut table).map(|models| models > 2000), Ok(true));
    let date: jiff::civil::Date = table.date.parse().expect("a day");
    assert!(date >= jiff::civil::date(2026, 11, 21));
    assert!(table.source.starts_with("litellm "), "{}", table.source);
    assert!(SNAPSHOT.len() < 160 * 1024, "the host carries it in its program");
    assert!(SNAPSHOT.contains("MIT"), "litellm's licence asks to be named");
}

#[test]
fn one_model_has_many_names() {
    let sonnet = Some(3.0);
    for (provider, model) in [
        (Some("anthropic"), "claude-sonnet-4-5-20250929"),
        (Some("anthropic"), "claude-sonnet-4-5"),
        (Some("anthropic"), "Claude-Sonnet-4-5"),
        (Some("anthropic"), "claude-sonnet-4-5@20250929"),
        (Some("anthropic"), "claude-sonnet-4-5-latest"),
        (Some("anthropic"), "anthropic.claude-sonnet-4-5-20250929-v1:0"),
        (Some("aws.bedrock"), "anthropic.claude-sonnet-4-5-20250929-v1:0"),
        (Some("aws.bedrock"), "global.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        (Some("gcp.vertex_ai"), "claude-sonnet-4-5@20250929"),
        (Some("openai"), "anthropic/claude-sonnet-4-5"),
        (Some("openrouter"), "anthropic/claude-sonnet-4.5"),
        (Some("litellm"), "claude-sonnet-4-5-20250929"),
        (None, "anthropic/claude-sonnet-4-5"),
        (None, "openrouter/anthropic/claude-sonnet-4.5"),
        (None, "vertex_ai/claude-sonnet-4-5@20250929"),
        (None, "claude-sonnet-4-5-20250929"),
    ] {
        assert_eq!(shipped_rate(provider, model), sonnet, "{model} of {provider:?}");
    }
    for (provider, model) in [
        (Some("openai"), "gpt-5-2025-08-07"),
        (Some("azure.ai.openai"), "gpt-5-2025-08-07"),
        (None, "openai/gpt-5"),
        (None, "azure/gpt-5"),
        (Some("gcp.gemini"), "models/gemini-2.5-pro"),
        (Some("gcp.gen_ai"), "gemini-2.5-pro"),
        (Some("gcp.vertex_ai"), "publishers/google/models/gemini-2.5-pro"),
    ] {
        assert_eq!(shipped_rate(provider, model), Some(1.25), "{model} of {provider:?}");
    }
}

#[test]
fn the_region_of_an_inference_profile_has_its_own_price() {
    let bedrock = |model| shipped_rate(Some("aws.bedrock"), model);
    assert_eq!(bedrock("us.anthropic.claude-sonnet-4-5-20250929-v1:0"), Some(3.3));
    assert_eq!(bedrock("anthropic.claude-sonnet-4-5-20250929-v1:0"), Some(3.0));
    let profile = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0";
    assert_eq!(bedrock(profile), Some(3.3));
}

#[test]
fn who_runs_a_model_decides_what_it_costs() {
    let table = list(
        "[groq]\nllama in=1\n[together_ai]\nllama in=2\n[ollama]\nllama in=0\n[anthropic]\nclaude in=3\n[deepseek]\nr1 in=4",
    );
    for (provider, model, expected) in [
        (Some("groq"), "llama", Some(1.0)),
        (Some("together_ai"), "llama", Some(2.0)),
        (Some("ollama"), "llama", Some(0.0)),
        (None, "groq/llama", Some(1.0)),
        (Some("groq"), "claude", None),
        // Who serves it is not known, and those who do ask differently.
        (None, "llama", None),
        (Some("vllm"), "llama", None),
        // A gateway asks about what the maker asks, but open weights may run at home.
        (Some("my-gateway"), "claude", Some(3.0)),
        (Some("my-gateway"), "anthropic/claude", Some(3.0)),
        (Some("vllm"), "r1", None),
        (Some("vllm"), "deepseek/r1", None),
        (None, "r1", Some(4.0)),
    ] {
        assert_eq!(input_rate(&table, provider, model), expected, "{model} of {provider:?}");
    }
}

#[test]
fn an_unknown_model_has_no_price_and_a_free_one_costs_nothing() {
    for model in ["", " ", "/", "my-model", "claude", "gpt-99", "anthropic/", "models/", "-20250929"] {
        assert_eq!(shipped_rate(Some("openai"), model), None, "{model}");
        assert_eq!(shipped_rate(None, model), None, "{model}");
    }
    assert_eq!(shipped_rate(None, &"x".repeat(1 << 20)), None);
    assert_eq!(shipped_rate(Some("ollama"), "llama3"), Some(0.0));
}

#[test]
fn a_model_that_is_listed_with_dates_only_is_found_without_one_as_its_newest() {
    let table = list("[p]\nm-20240101 in=1\nm-20250101 in=2\nm-20230101 in=3\nn-20250101 in=4\nn in=5");
    assert_eq!(input_rate(&table, Some("p"), "m"), Some(2.0));
    assert_eq!(input_rate(&table, Some("p"), "m-latest"), Some(2.0));
    assert_eq!(input_rate(&table, Some("p"), "m-20240101"), Some(1.0));
    assert_eq!(input_rate(&table, Some("p"), "n"), Some(5.0));
    assert_eq!(table.len(), 5);
}

fn tokens(parts: [Option<u64>; 6]) -> Usage {
    let [
        input_tokens,
        output_tokens,
        cache_read_tokens,
        cache_write_tokens,
        cache_write_1h_tokens,
        reasoning_tokens,
    ] = parts;
    Usage {
        input_tokens,
        output_tokens,
        cache_read_tokens,
        cache_write_tokens,
        cache_write_1h_tokens,
        reasoning_tokens,
    }
}

fn cost_of(listed: &str, parts: [Option<u64>; 6]) -> Option<f64> {
    let table = list(&format!("[p]\nm {listed}"));
    usd(&tokens(parts), &seek::price(&table, Some("p"), "m").unwrap())
}

#[test]
fn every_part_is_paid_once_at_its_own_price() {
    let m = Some(1_000_000);
    let listed = "in=3 out=15 read=0.3 write=3.75 write_1h=6";
    assert_eq!(cost_of(listed, [m, m, None, None, None, None]), Some(18.0));
    assert_eq!(cost_of(listed, [m, None, m, None, None, None]), Some(0.3));
    assert_eq!(cost_of(listed, [m, None, None, m, None, None]), Some(3.75));
    assert_eq!(cost_of(listed, [m, None, None, m, m, None]), Some(6.0));
    let parts = [Some(10_000), Some(500), Some(6_000), Some(3_000), Some(1_000), Some(400)];
    // 1000 at 3, 6000 at 0.3, 2000 at 3.75, 1000 at 6, 500 at 15
    assert_eq!(cost_of(listed, parts), Some(0.0258));
    assert_eq!(cost_of("in=1 out=2 reasoning=8", [m, m, None, None, None, Some(500_000)]), Some(6.0));
    assert_eq!(cost_of("in=1 out=2", [m, m, None, None, None, Some(500_000)]), Some(3.0));
    assert_eq!(cost_of("in=0.02", [Some(1), None, None, None, None, None]), Some(2e-8));
}

#[test]
fn a_part_without_a_price_of_its_own_falls_back_or_leaves_the_call_unpriced() {
    let m = Some(1_000_000);
    assert_eq!(cost_of("in=3 out=15", [m, None, m, None, None, None]), Some(3.0), "nothing is given off");
    assert_eq!(cost_of("in=3 out=15", [m, None, None, m, m, None]), Some(3.0), "nothing more is asked");
    assert_eq!(cost_of("in=3 write=3.75", [m, None, None, m, m, None]), Some(6.0), "Anthropic's twice");
    assert_eq!(cost_of("in=3 write=5", [m, None, None, m, m, None]), Some(5.0), "not Anthropic's");
    assert_eq!(cost_of("in=3", [m, m, None, None, None, None]), None, "nobody says what writing costs");
    assert_eq!(cost_of("in=3", [m, Some(0), None, None, None, None]), Some(3.0));
    assert_eq!(cost_of("out=3", [m, m, None, None, None, None]), None);
    assert_eq!(cost_of("in=3 out=3", [None, None, m, m, m, m]), None, "neither read nor written");
    assert_eq!(cost_of("in=3 out=3", [Some(0), Some(0), None, None, None, None]), Some(0.0));
}

#[test]
fn a_long_context_is_paid_at_its_own_price_from_the_first_token_on() {
    let listed = "in=3 out=15 read=0.3 write=3.75 >200k in=6 out=22.5 >400k in=12";
    let input = |tokens| cost_of(listed, [Some(tokens), None, None, None, None, None]);
    assert_eq!(input(200_000), Some(0.6));
    assert_eq!(input(200_001), Some(1.200_006));
    assert_eq!(input(1_000_000), Some(12.0));
    // The cache counts to the length, and what the tier does not name costs what it did.
    let cached = [Some(300_000), Some(1_000_000), Some(300_000), None, None, None];
    assert_eq!(cost_of(listed, cached), Some(22.59));
}

#[test]
fn a_list_of_litellms_is_read_as_ours_is() {
    let prices = with_file(
        r#"{
            "sample_spec": {"input_cost_per_token": 0.0, "mode": "one of: chat"},
            "azure/eu/new": {"litellm_provider": "azure", "mode": "chat", "input_cost_per_token": 1.1e-06,
                "output_cost_per_token": 4.4e-06, "cache_read_input_token_cost": 5.5e-07, "supports_vision": true,
                "input_cost_per_token_above_200k_tokens": 2.2e-06},
            "vertex_ai/claude-new@20270101": {"litellm_provider": "vertex_ai-anthropic_models", "mode": "chat",
                "input_cost_per_token": 3e-06, "cache_creation_input_token_cost_above_1hr": 6e-06},
            "tiers": {"litellm_provider": "dashscope", "mode": "chat", "tiered_pricing": [
                {"range": [0, 32000.0], "input_cost_per_token": 1e-06},
                {"range": [32000.0, 128000.0], "input_cost_per_token": 2e-06}]},
            "old-name": {"litellm_provider": "deepseek", "mode": "chat", "input_cost_per_token": 1e-06,
                "input_cost_per_token_cache_hit": 1e-07},
            "mine": {"input_cost_per_token": 7e-06},
            "painter": {"litellm_provider": "openai", "mode": "image_generation", "input_cost_per_token": 1e-06},
            "by-the-second": {"litellm_provider": "bedrock", "mode": "chat", "input_cost_per_second": 1e-06}
        }"#,
    )
    .unwrap();
    let rates = |provider, model, input| prices.price(Some(provider), model).map(|price| price.rates(input));
    let new = Rates { input: Some(1.1), output: Some(4.4), cache_read: Some(0.55), ..Rates::default() };
    assert_eq!(rates("azure.ai.openai", "azure/eu/new", 0), Some(new));
    assert_eq!(rates("azure.ai.openai", "eu/new", 200_001), Some(Rates { input: Some(2.2), ..new }));
    let vertex = rates("gcp.vertex_ai", "claude-new@20270101", 0).unwrap();
    assert_eq!((vertex.input, vertex.cache_write_1h), (Some(3.0), Some(6.0)));
    assert_eq!(rates("dashscope", "tiers", 32_000).unwrap().input, Some(1.0));
    assert_eq!(rates("dashscope", "tiers", 32_001).unwrap().input, Some(2.0));
    assert_eq!(rates("deepseek", "old-name", 0).unwrap().cache_read, Some(0.1));
    assert_eq!(rates("anybody", "mine", 0).unwrap().input, Some(7.0));
    assert_eq!((rates("openai", "painter", 0), rates("aws.bedrock", "by-the-second", 0)), (None, None));
    assert_eq!(prices.listed().file.unwrap().1, 5);
}

#[test]
fn a_price_of_the_hosts_own_for_a_dated_model_is_found_without_the_date_too() {
    let known = "[aws.bedrock]\nanthropic.claude-sonnet-4-5-20250929-v1:0 in=9";
    let prices = with_file(known).unwrap();
    for model in ["anthropic.claude-sonnet-4-5", "eu.anthropic.claude-sonnet-4-5-20250929-v1:0"] {
        let listed = first_rate(prices.price(Some("aws.bedrock"), model));
        let own = if model.starts_with("eu.") { Some(3.3) } else { Some(9.0) };
        assert_eq!(listed, own, "{model}");
    }
}

#[test]
fn what_is_no_price_list_is_refused_with_the_reason() {
    for (text, why) in [
        ("", "no price of a token"),
        ("# nothing\n[anthropic]\n", "no price of a token"),
        ("[anthropic\n", "line 1: a `]` is missing"),
        ("\n[anthropic]\nm in=x", "line 3: `x` is no number"),
        ("m in=-1", "line 1: `in=-1` is no price"),
        ("m in=NaN", "line 1: `in=NaN` is no price"),
        ("m in=inf", "line 1: `in=inf` is no price"),
        ("m read=1", "line 1: neither"),
        ("m input=1", "line 1: `input` is not"),
        ("m in=1 >x in=2", "line 1: `>x` is no number of tokens"),
        ("m", "line 1: neither"),
        ("{", "not a list of litellm's"),
        ("{}", "no price of a token"),
        (r#"{"m": {"input_cost_per_token": -1e-6}}"#, "m: input_cost_per_token is no price"),
        ("\u{0}\u{1}", "line 1: neither"),
    ] {
        let refused = with_file(text).unwrap_err();
        assert!(refused.contains(why), "{text:?}: {refused}");
    }
    assert!(Prices::with_file(Path::new("/")).unwrap_err().contains("not a file"));
    assert!(Prices::with_file(Path::new("/no/such/list")).unwrap_err().contains("/no/such/list"));
}

#[test]
fn only_a_model_call_that_nobody_priced_is_computed() {
    let mut span = Span::new(
        TraceId::from_bytes([1; 16]).unwrap(),
        SpanId::from_bytes([2; 8]).unwrap(),
        "chat",
        Timestamp::EPOCH,
    );
    let prices = with_file("m in=1").unwrap();
    span.model = Some("m".into());
    span.usage = Some(tokens([Some(1_000_000), None, None, None, None, None]));
    assert_eq!(prices.cost(&span), None, "no model call");
    span.kind = SpanKind::Llm;
    let computed = Some(Cost { usd: 1.0, source: CostSource::Computed });
    assert_eq!(prices.cost(&span), computed);
    assert_eq!(prices.cost(&span), computed, "looked up before");
    span.cost = Some(Cost { usd: 9.0, source: CostSource::Reported });
    assert_eq!(prices.cost(&span), None);
    (span.cost, span.usage) = (None, None);
    assert_eq!(prices.cost(&span), None);
}

fn rate() -> impl Strategy<Value = Option<f64>> {
    prop::option::weighted(0.8, 0.0..=MAX_RATE)
}

fn rates() -> impl Strategy<Value = Rates> {
    (rate(), rate(), rate(), rate(), rate(), rate()).prop_map(
        |(input, output, cache_read, cache_write, cache_write_1h, reasoning)| Rates {
            input,
            output,
            cache_read,
            cache_write,
            cache_write_1h,
            reasoning,
        },
    )
}

fn usage(most: u64) -> impl Strategy<Value = Usage> {
    prop::array::uniform6(prop::option::weighted(0.8, 0..=most)).prop_map(tokens)
}

proptest! {
    #[test]
    fn a_cost_is_a_number_and_never_negative(
        base in rates(), tiers in prop::collection::vec((any::<u64>(), rates()), 0..3), usage in usage(u64::MAX),
    ) {
        if let Some(usd) = usd(&usage, &Price::new(base, tiers)) {
            prop_assert!(usd.is_finite() && usd >= 0.0, "{usd}");
        }
    }

    #[test]
    fn more_tokens_never_cost_less(
        base in rates(), usage in usage(1 << 40), more_in in 0_u64..1 << 40, more_out in 0_u64..1 << 40,
    ) {
        let price = Price::new(base, Vec::new());
        let more = Usage {
            input_tokens: usage.input_tokens.map(|input| input + more_in),
            output_tokens: usage.output_tokens.map(|output| output + more_out),
            // Parts beyond the whole are not paid, so they may not become real by a larger whole.
            cache_read_tokens: None, cache_write_tokens: None, cache_write_1h_tokens: None, reasoning_tokens: None,
        };
        let less = Usage { input_tokens: usage.input_tokens, output_tokens: usage.output_tokens, ..more };
        if let (Some(less), Some(more)) = (usd(&less, &price), usd(&more, &price)) {
            prop_assert!(more >= less, "{less} {more}");
        }
    }

    #[test]
    fn any_name_is_looked_up_without_a_panic(provider in prop::option::of(".{0,12}"), model in ".{0,40}") {
        let _ = Prices::default().price(provider.as_deref(), &model);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[\\PC\n]{0,80}") {
        let _ = text::read(&text, &mut Table::default());
        let _ = litellm::read(&text, &mut Table::default());
    }
}

proptest! {
    // Each reads the whole list anew.
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_price_of_the_hosts_own_wins(model in "[a-z]{1,8}(-[0-9.]{1,3})?(-20[0-9]{2}0101)?", usd in 0.0_f64..1e3) {
        let prices = with_file(&format!("{model} in={usd}")).unwrap();
        for provider in [None, Some("openai"), Some("anthropic"), Some("vllm")] {
            prop_assert_eq!(first_rate(prices.price(provider, &model)), Some(usd));
        }
        let listed = format!("[openai]\ngpt-5 in={usd}\n[anthropic]\nclaude-sonnet-4-5 in={usd}");
        let prices = with_file(&listed).unwrap();
        for known in ["claude-sonnet-4-5", "gpt-5"] {
            prop_assert_eq!(first_rate(prices.price(None, known)), Some(usd));
        }
    }
}
