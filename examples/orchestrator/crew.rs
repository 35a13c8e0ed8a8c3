//! Who does the work: a planner that asks the model, workers that each are an agent with tools, and an evaluator that looks
//! up every quotation with the same tools.

use std::collections::BTreeMap;
use std::error::Error;

use agent_inspector::model::SpanKind;
use agent_inspector::{SessionHandle, in_current_session};
use serde_json::json;
use tokio::task::JoinSet;

use crate::plan::{EvaluationResult, Plan, RouterDecision, Step, StepStatus};
use crate::support::agent::Agent;
use crate::support::protocol::{Function, Message, ToolCall};

const PLANNER: &str = "You plan how a task is done by several agents that look at files. Answer with JSON and nothing \
    else: {\"steps\": [{\"step_id\": \"…\", \"description\": \"what the agent is asked\", \"dependencies\": [\"step_id\", …]}]}. \
    Steps without dependencies are done side by side. A last step called \"combine\" brings the findings together.";

/// The share of quotations that must be found again.
const GOOD_ENOUGH: f64 = 0.9;

/// A planner, its workers and an evaluator.
pub(crate) struct Crew {
    pub(crate) agent: Agent,
    pub(crate) session: SessionHandle,
}

impl Crew {
    /// Does a task and gives the answer.
    pub(crate) async fn run(&self, task: &str) -> Result<String, Box<dyn Error>> {
        let session = &self.session;
        session.result("router_decision", &RouterDecision::of(task));
        let span = session.span(SpanKind::Agent, "planner");
        let mut plan = span.run(self.plan(task)).await?;
        drop(span);
        while let ready @ [_, ..] = plan.ready().as_slice() {
            let ready = ready.to_vec();
            self.work(&mut plan, &ready).await;
            let done = plan.steps.iter().filter(|step| step.status != StepStatus::Pending).count();
            session
                .progress(Some(100.0 * done as f64 / plan.steps.len() as f64), format!("{done} steps done"));
        }
        let answer = plan.steps.last().and_then(|step| step.result.clone()).ok_or("the last step failed")?;
        let span = session.span(SpanKind::Agent, "evaluator");
        let evaluation = span.run(self.evaluate(&answer)).await;
        session.result("evaluation", &evaluation);
        if evaluation.passed { Ok(answer) } else { Err(evaluation.feedback.into()) }
    }

    async fn plan(&self, task: &str) -> Result<Plan, Box<dyn Error>> {
        let answer =
            self.agent.chat(&[Message::text("system", PLANNER), Message::text("user", task)]).await?;
        let plan = Plan::parse(self.session.id().as_str(), &answer.content.unwrap_or_default())?;
        self.session.result("plan", &plan);
        Ok(plan)
    }

    /// Does these steps side by side.
    async fn work(&self, plan: &mut Plan, ready: &[usize]) {
        let mut workers = JoinSet::new();
        for &at in ready {
            plan.steps[at].status = StepStatus::InProgress;
            let step = plan.steps[at].clone();
            if step.step_id == "combine" {
                plan.steps[at].result = Some(plan.findings(&step).join("\n\n"));
                plan.steps[at].status = StepStatus::Completed;
                continue;
            }
            let (agent, session) = (self.agent.clone(), self.session.clone());
            // A task of its own forgets where it came from, unless it is told.
            workers.spawn(in_current_session(async move { (at, worker(&agent, &session, &step).await) }));
        }
        self.session.result("plan", plan);
        while let Some(done) = workers.join_next().await {
            let Ok((at, outcome)) = done else { continue };
            let step = &mut plan.steps[at];
            step.status = if outcome.is_ok() { StepStatus::Completed } else { StepStatus::Failed };
            step.result = Some(outcome.unwrap_or_else(|error| error));
            self.session.result("plan", plan);
        }
    }

    /// Looks up every quoted line: an answer may only quote what is there.
    async fn evaluate(&self, answer: &str) -> EvaluationResult {
        let quoted: Vec<&str> = answer.lines().filter_map(|line| line.strip_prefix("> ")).collect();
        let (mut found, mut missing) = (0_u32, Vec::new());
        for line in &quoted {
            let arguments = json!({ "text": line }).to_string();
            let function = Function { name: "search_text".to_owned(), arguments };
            let call = ToolCall { id: format!("check_{found}"), kind: "function".to_owned(), function };
            match self.agent.execute_tool(&call).await {
                Ok(result) if result["hits"].as_array().is_some_and(|hits| !hits.is_empty()) => found += 1,
                _ => missing.push(*line),
            }
        }
        let quality_score = if quoted.is_empty() { 0.0 } else { f64::from(found) / quoted.len() as f64 };
        EvaluationResult {
            quality_score,
            passed: quality_score >= GOOD_ENOUGH,
            feedback: match missing.first() {
                _ if quoted.is_empty() => "The answer quotes nothing.".to_owned(),
                Some(line) => format!("{} quotations cannot be found, such as: {line}", missing.len()),
                None => "Every quotation was found again.".to_owned(),
            },
            metrics: BTreeMap::from([("quotations", quoted.len() as u64), ("found", u64::from(found))]),
        }
    }
}

/// One worker: an agent that answers one step.
async fn worker(agent: &Agent, session: &SessionHandle, step: &Step) -> Result<String, String> {
    let span = session.span(SpanKind::Workflow, format!("step {}", step.step_id));
    let answer = span.run(agent.run(session, &step.description)).await;
    answer.map(|answer| answer.text).map_err(|error| error.to_string())
}
