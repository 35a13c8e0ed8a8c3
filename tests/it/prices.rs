//! What a session is said to have cost, whoever reported it. Many of these are mistakes that other tools made, with their
//! numbers.

use agent_inspector::Inspector;
use agent_inspector::model::{SpanKind, Usage};
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::faults::part;
use crate::support::Host;

const TRACE: &str = "249d0e49a29910886c9895950073aa9a";
const SESSION: &str = "priced";
const OWN: &str =
    "[openai]\nm in=1 out=10 read=0.1\n[anthropic]\nclaude in=10 out=50 read=1 write=12.5 write_1h=20\n";

/// A host whose prices are round: a million tokens of `m` cost a dollar.
struct Priced {
    host: Host,
    _file: tempfile::NamedTempFile,
}

fn priced() -> Priced {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), OWN).unwrap();
    let inspector = Inspector::builder().in_memory().prices(file.path()).build().unwrap();
    Priced { host: Host::new(inspector), _file: file }
}

/// A span of one second: its number, its parent's, its name, its attributes.
fn span(id: u64, parent: u64, name: &str, attributes: &Value) -> Value {
    let attributes = attributes.as_object().unwrap().iter().map(|(key, value)| {
        let value = match value {
            Value::Number(number) if number.is_f64() => json!({"doubleValue": number}),
            Value::Number(number) => json!({"intValue": number.to_string()}),
            other => json!({"stringValue": other}),
        };
        json!({"key": key, "value": value})
    });
    let parent = if parent == 0 { String::new() } else { format!("{parent:016x}") };
    json!({
        "traceId": TRACE, "spanId": format!("{id:016x}"), "parentSpanId": parent, "name": name, "kind": 1,
        "startTimeUnixNano": "1720000000000000000", "endTimeUnixNano": "1720000001000000000",
        "attributes": attributes.collect::<Vec<_>>(),
    })
}

/// A model call of a million tokens read and a hundred thousand written: two dollars.
fn chat(id: u64, parent: u64) -> Value {
    span(
        id,
        parent,
        "chat m",
        &json!({
            "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "m",
            "gen_ai.usage.input_tokens": 1_000_000, "gen_ai.usage.output_tokens": 100_000,
        }),
    )
}

/// Posts spans of one instrumentation, in one session.
async fn send(host: &Host, scope: &str, spans: &[Value]) {
    let resource = json!([{"key": "session.id", "value": {"stringValue": SESSION}}]);
    let body = json!({"resourceSpans": [{
        "resource": {"attributes": resource},
        "scopeSpans": [{"scope": {"name": scope}, "spans": spans}],
    }]});
    assert_eq!(host.post("/v1/traces", &body).await, (StatusCode::OK, json!({})));
}

async fn counters(host: &Host) -> Value {
    host.get(&format!("/sessions/{SESSION}")).await["counters"].take()
}

async fn cost_of(host: &Host, id: u64) -> Value {
    host.get(&format!("/sessions/{SESSION}/spans/{id:016x}")).await["cost"].take()
}

/// The cost and the normalised tokens of one model call.
async fn one(scope: &str, attributes: Value) -> (Value, Value) {
    let Priced { host, .. } = &priced();
    send(host, scope, &[span(1, 0, "call", &attributes)]).await;
    let mut span = host.get(&format!("/sessions/{SESSION}/spans/{:016x}", 1)).await;
    assert_eq!(span["kind"], "llm", "{span}");
    (span["cost"].take(), span["usage"].take())
}

fn computed(usd: f64) -> Value {
    json!({"usd": usd, "source": "computed"})
}

#[tokio::test]
async fn mcp_agents_generate_repeats_the_sums_under_the_same_names_and_is_not_priced_twice() {
    let Priced { host, .. } = &priced();
    let sums = json!({
        "gen_ai.agent.name": "finder", "gen_ai.request.model": "m", "gen_ai.usage.input_tokens": 2_000_000,
        "gen_ai.usage.output_tokens": 200_000,
    });
    let name = "OpenAIAugmentedLLM.finder.generate";
    // The root is never exported, and what it calls comes first.
    send(host, "finder", &[chat(3, 2), chat(4, 2), span(2, 1, name, &sums)]).await;
    let counters = counters(host).await;
    assert_eq!(
        (&counters["cost_usd"], &counters["computed_cost_usd"], &counters["input_tokens"]),
        (&json!(4.0), &json!(4.0), &json!(2_000_000))
    );
    assert_eq!(cost_of(host, 2).await, Value::Null);
}

#[tokio::test]
async fn vercels_generate_text_repeats_the_sums_and_is_not_priced_twice() {
    let Priced { host, .. } = &priced();
    let usage = |operation: &str| {
        json!({
            "ai.operationId": operation, "ai.model.id": "m", "ai.model.provider": "openai.responses",
            "ai.usage.inputTokens": 1_000_000, "ai.usage.outputTokens": 100_000,
        })
    };
    let inner = usage("ai.generateText.doGenerate");
    let spans = [
        span(1, 0, "ai.generateText", &usage("ai.generateText")),
        span(2, 1, "ai.generateText.doGenerate", &inner),
    ];
    send(host, "ai", &spans).await;
    assert_eq!(counters(host).await["cost_usd"], json!(2.0));
    assert_eq!((cost_of(host, 1).await, cost_of(host, 2).await), (Value::Null, computed(2.0)));
}

#[tokio::test]
async fn the_aggregated_usage_of_pydantic_ais_agent_is_not_priced_twice() {
    for names in ["gen_ai.aggregated_usage", "gen_ai.usage"] {
        let Priced { host, .. } = &priced();
        let agent = json!({
            "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "weather", "model_name": "m",
            "gen_ai.request.model": "m", format!("{names}.input_tokens"): 2_000_000,
            format!("{names}.output_tokens"): 200_000,
        });
        send(host, "pydantic-ai", &[span(1, 0, "invoke_agent weather", &agent), chat(2, 1), chat(3, 1)])
            .await;
        let counters = counters(host).await;
        assert_eq!(
            (&counters["cost_usd"], &counters["unpriced_calls"], &counters["llm_calls"]),
            (&json!(4.0), &json!(0), &json!(2)),
            "{names}"
        );
    }
}

#[tokio::test]
async fn the_token_usage_of_codexs_turn_is_not_priced_twice() {
    let Priced { host, .. } = &priced();
    let turn = json!({
        "thread.id": SESSION, "model": "m", "codex.turn.token_usage.input_tokens": 1_000_000,
        "codex.turn.token_usage.cached_input_tokens": 800_000, "codex.turn.token_usage.output_tokens": 100_000,
    });
    let answer = json!({
        "gen_ai.request.model": "m", "gen_ai.usage.input_tokens": 1_000_000,
        "gen_ai.usage.cache_read.input_tokens": 800_000, "gen_ai.usage.output_tokens": 100_000,
    });
    let spans = [span(1, 0, "session_task.turn", &turn), span(2, 1, "handle_responses", &answer)];
    send(host, "codex_otel", &spans).await;
    // 200,000 at 1, 800,000 at 0.1, 100,000 at 10
    assert_eq!(counters(host).await["cost_usd"], json!(1.28));
}

#[tokio::test]
async fn a_gateways_span_around_the_providers_is_not_priced_twice_in_whatever_order_they_come() {
    for order in [[1, 2], [2, 1]] {
        let Priced { host, .. } = &priced();
        for id in order {
            send(host, "gateway", &[chat(id, id - 1)]).await;
        }
        let counters = counters(host).await;
        assert_eq!((&counters["cost_usd"], &counters["llm_calls"]), (&json!(2.0), &json!(1)), "{order:?}");
        assert_eq!(cost_of(host, 1).await, computed(2.0), "what it cost is true of the outer one too");
    }
}

#[tokio::test]
async fn what_the_sender_reports_beats_what_would_be_computed() {
    for name in ["gen_ai.usage.cost", "operation.cost", "llm.cost.total"] {
        let Priced { host, .. } = &priced();
        let mut call = chat(1, 0);
        let reported = json!({"key": name, "value": {"doubleValue": 0.5}});
        call["attributes"].as_array_mut().unwrap().push(reported);
        send(host, "any", &[call, chat(2, 0)]).await;
        assert_eq!(cost_of(host, 1).await, json!({"usd": 0.5, "source": "reported"}), "{name}");
        let counters = counters(host).await;
        assert_eq!(
            (&counters["cost_usd"], &counters["computed_cost_usd"]),
            (&json!(2.5), &json!(2.0)),
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_model_nobody_lists_is_unpriced_and_not_free() {
    let Priced { host, .. } = &priced();
    let call = |id, model: &str| {
        let attributes = json!({
            "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": model,
            "gen_ai.usage.input_tokens": 1_000_000, "gen_ai.usage.output_tokens": 0,
        });
        span(id, 0, "chat", &attributes)
    };
    send(host, "any", &[call(1, "nobodys-model")]).await;
    let unpriced = counters(host).await;
    assert_eq!((&unpriced["cost_usd"], &unpriced["unpriced_calls"]), (&Value::Null, &json!(1)));
    assert_eq!((cost_of(host, 1).await, &unpriced["computed_cost_usd"]), (Value::Null, &Value::Null));
    send(host, "any", &[call(2, "m")]).await;
    let counters = counters(host).await;
    assert_eq!((&counters["cost_usd"], &counters["unpriced_calls"]), (&json!(1.0), &json!(1)));
}

#[tokio::test]
async fn a_call_that_says_nothing_of_its_tokens_is_neither_priced_nor_free() {
    let attributes = json!({"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"});
    assert_eq!(one("any", attributes).await, (Value::Null, Value::Null));
    let parts = json!({
        "gen_ai.operation.name": "chat", "gen_ai.request.model": "m", "gen_ai.usage.cache_read.input_tokens": 7
    });
    assert_eq!(one("any", parts).await, (Value::Null, json!({"cache_read_tokens": 7})));
}

#[tokio::test]
async fn langfuse_12306_the_cached_tokens_of_pydantic_ai_are_in_the_input_already() {
    for (read, write) in [
        ("gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_creation.input_tokens"),
        ("gen_ai.usage.details.cache_read_tokens", "gen_ai.usage.details.cache_write_tokens"),
    ] {
        let (cost, usage) = one(
            "pydantic-ai",
            json!({
                "gen_ai.operation.name": "chat", "gen_ai.provider.name": "anthropic", "gen_ai.request.model": "claude",
                "gen_ai.usage.input_tokens": 130_213, read: 128_955, write: 1_253, "gen_ai.usage.output_tokens": 10,
            }),
        )
        .await;
        assert_eq!(usage["input_tokens"], 130_213, "and not 260,421");
        // 5 at 10, 128,955 at 1, 1,253 at 12.5, 10 at 50
        assert_eq!(cost, computed(0.145_167_5), "{read}");
    }
}

#[tokio::test]
async fn cached_tokens_are_not_paid_at_the_full_price_beside_the_uncached_ones_of_claude_code() {
    let call = json!({
        "span.type": "llm_request", "model": "claude", "input_tokens": 100_000, "cache_read_tokens": 60_000,
        "cache_creation_tokens": 20_000, "output_tokens": 1_000,
    });
    let (cost, usage) = one("com.anthropic.claude_code.tracing", call).await;
    assert_eq!(usage["input_tokens"], 180_000);
    // 100,000 at 10, 60,000 at 1, 20,000 at 12.5, 1,000 at 50
    assert_eq!(cost, computed(1.36));
}

#[tokio::test]
async fn langfuse_plugin_34_an_hour_in_the_cache_is_not_paid_as_five_minutes() {
    for prefix in ["gen_ai.usage.cache_creation", "cache_creation"] {
        let (cost, usage) = one(
            "any",
            json!({
                "gen_ai.operation.name": "chat", "gen_ai.provider.name": "anthropic", "gen_ai.request.model": "claude",
                "gen_ai.usage.input_tokens": 37_175, "gen_ai.usage.cache_creation.input_tokens": 37_175,
                format!("{prefix}.ephemeral_1h_input_tokens"): 37_175,
                format!("{prefix}.ephemeral_5m_input_tokens"): 0, "gen_ai.usage.output_tokens": 0,
            }),
        )
        .await;
        assert_eq!(
            (cost, &usage["cache_write_1h_tokens"]),
            (computed(0.7435), &json!(37_175)),
            "and not 0.4646875"
        );
    }
    let (cost, _) = one(
        "any",
        json!({
            "gen_ai.operation.name": "chat", "gen_ai.provider.name": "anthropic", "gen_ai.request.model": "claude",
            "gen_ai.usage.input_tokens": 37_175, "gen_ai.usage.cache_creation.input_tokens": 37_175,
        }),
    )
    .await;
    assert_eq!(cost, computed(0.464_687_5), "nobody said how long, so five minutes");
}

#[tokio::test]
async fn sentry_21484_the_vercel_ai_sdk_counts_claudes_cache_beside_the_input_before_its_sixth_version() {
    let call = |rest: Value| {
        let mut call = json!({
            "ai.operationId": "ai.streamText.doStream", "ai.model.provider": "anthropic.messages",
            "ai.model.id": "claude", "ai.usage.cachedInputTokens": 60_000, "ai.usage.outputTokens": 0,
        });
        call.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        call
    };
    let metadata = json!({"anthropic": {"cacheCreationInputTokens": 20_000}}).to_string();
    let fifth = call(json!({"ai.usage.inputTokens": 100_000, "ai.response.providerMetadata": metadata}));
    let metadata = json!({"anthropic": {"usage": {
        "input_tokens": 100_000, "cache_creation_input_tokens": 20_000, "cache_read_input_tokens": 60_000,
        "cache_creation": {"ephemeral_5m_input_tokens": 5_000, "ephemeral_1h_input_tokens": 15_000},
    }}});
    let sixth = call(json!({
        "ai.usage.inputTokens": 180_000, "ai.usage.inputTokenDetails.noCacheTokens": 100_000,
        "ai.usage.inputTokenDetails.cacheReadTokens": 60_000, "ai.usage.inputTokenDetails.cacheWriteTokens": 20_000,
        "ai.response.providerMetadata": metadata.to_string(),
    }));
    // 100,000 at 10, 60,000 at 1, 20,000 at 12.5
    let (cost, usage) = one("ai", fifth).await;
    assert_eq!((cost, &usage["input_tokens"]), (computed(1.31), &json!(180_000)));
    // 5,000 of them at 12.5, 15,000 at 20
    let (cost, usage) = one("ai", sixth).await;
    assert_eq!((cost, &usage["input_tokens"]), (computed(1.4225), &json!(180_000)));
}

#[tokio::test]
async fn ruby_llm_38_an_input_without_its_cache_is_not_clamped_to_nothing() {
    let (cost, usage) = one(
        "any",
        json!({
            "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "m",
            "gen_ai.usage.input_tokens": 25, "gen_ai.usage.cache_read.input_tokens": 75,
        }),
    )
    .await;
    assert_eq!((cost, &usage["input_tokens"]), (computed(0.000_032_5), &json!(100)));
}

#[tokio::test]
async fn the_hosts_own_calls_are_priced_by_the_list_that_ships_with_the_inspector() {
    let host = Host::in_memory();
    let session = host.inspector.session("asks").start();
    let call = session.span(SpanKind::Llm, "chat");
    call.model("claude-sonnet-4-5-20250929").provider("anthropic").usage(
        &Usage::default()
            .input_tokens(100_000)
            .output_tokens(1_000)
            .cache_read_tokens(50_000)
            .cache_write_tokens(40_000)
            .cache_write_1h_tokens(30_000),
    );
    drop(call);
    session.finish();
    host.inspector.settle().await;
    let counters = host.get(&format!("/sessions/{}", session.id())).await["counters"].take();
    // 10,000 at 3, 50,000 at 0.3, 10,000 at 3.75, 30,000 at 6, 1,000 at 15
    assert_eq!((&counters["cost_usd"], &counters["unpriced_calls"]), (&json!(0.2775), &json!(0)));
    let found = host.get("/search?q=cost:%3E0.27").await;
    assert_eq!(found["hits"].as_array().map(Vec::len), Some(1), "{found}");
}

#[tokio::test]
async fn a_price_list_of_the_hosts_is_told_and_one_that_cannot_be_used_harms_nobody() {
    let Priced { host, _file: file } = &priced();
    let health = host.get("/health").await;
    let prices = &health["prices"];
    assert_eq!((&prices["own_models"], &prices["path"]), (&json!(2), &json!(file.path())));
    assert!(prices["models"].as_u64().unwrap() > 2000 && prices["date"].as_str().unwrap() >= "2026-11-21");
    assert_eq!(health["status"], "ok");

    std::fs::write(file.path(), "[openai]\ngpt-5 in=cheap").unwrap();
    let broken = Inspector::builder().in_memory().prices(file.path()).build().unwrap();
    let missing = Inspector::builder().in_memory().prices("/no/such/prices").build().unwrap();
    for (inspector, why) in [(broken, "line 2: `cheap` is no number"), (missing, "/no/such/prices")] {
        let host = Host::new(inspector);
        let health = host.get("/health").await;
        let told = part(&health, "prices")["why"].as_str().unwrap().to_owned();
        assert!(told.contains(why) && health["status"] == "degraded", "{told}");
        assert_eq!(health["prices"]["own_models"], Value::Null);
        let session = host.inspector.session("goes on").start();
        session.span(SpanKind::Llm, "chat").model("gpt-5").provider("openai").tokens(1_000_000, 0);
        host.inspector.settle().await;
        let counters = host.get(&format!("/sessions/{}", session.id())).await["counters"].take();
        assert_eq!(counters["computed_cost_usd"], json!(1.25));
    }
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn a_restarted_host_still_knows_what_was_computed() {
    let dir = tempfile::tempdir().unwrap();
    let list = dir.path().join("prices.txt");
    std::fs::write(&list, OWN).unwrap();
    let start =
        || Host::new(Inspector::builder().data_dir(dir.path().join("data")).prices(&list).build().unwrap());
    let first = start();
    let mut reported = chat(1, 0);
    let cost = json!({"key": "gen_ai.usage.cost", "value": {"doubleValue": 0.5}});
    reported["attributes"].as_array_mut().unwrap().push(cost);
    send(&first, "any", &[reported, chat(2, 0)]).await;
    first.inspector.shutdown().await;
    drop(first);

    let second = start();
    let both = |counters: &Value| (counters["cost_usd"].as_f64(), counters["computed_cost_usd"].as_f64());
    assert_eq!(both(&counters(&second).await), (Some(2.5), Some(2.0)));
    send(&second, "any", &[chat(3, 0)]).await;
    assert_eq!(both(&counters(&second).await), (Some(4.5), Some(4.0)));
}
