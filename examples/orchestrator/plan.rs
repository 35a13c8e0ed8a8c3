//! What the orchestrator thinks with: a plan, a route, an evaluation. Plain data, as the State/Result tab shows it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What is to be done, and how far it has come.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Plan {
    pub(crate) plan_id: String,
    pub(crate) steps: Vec<Step>,
}

/// One step of a plan.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Step {
    pub(crate) step_id: String,
    pub(crate) description: String,
    #[serde(default)]
    pub(crate) status: StepStatus,
    /// The steps that come first.
    #[serde(default)]
    pub(crate) dependencies: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) result: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StepStatus {
    #[default]
    Pending,
    InProgress,
    Completed,
    Failed,
}

impl Plan {
    /// The plan in a planner's answer.
    ///
    /// # Errors
    ///
    /// When the answer is no plan.
    pub(crate) fn parse(plan_id: &str, answer: &str) -> Result<Self, serde_json::Error> {
        #[derive(Deserialize)]
        struct Answer {
            steps: Vec<Step>,
        }
        // Models like to wrap JSON in a fence.
        let json = answer.trim().trim_start_matches("```json").trim_matches('`');
        let Answer { steps } = serde_json::from_str(json)?;
        Ok(Self { plan_id: plan_id.to_owned(), steps })
    }

    /// The steps that can begin: they wait for nothing any more. None when the rest waits for itself.
    pub(crate) fn ready(&self) -> Vec<usize> {
        let done = |id: &String| {
            let step = self.steps.iter().find(|step| step.step_id == *id);
            step.is_none_or(|step| matches!(step.status, StepStatus::Completed | StepStatus::Failed))
        };
        let ready = |step: &Step| step.status == StepStatus::Pending && step.dependencies.iter().all(done);
        (0..self.steps.len()).filter(|&at| ready(&self.steps[at])).collect()
    }

    /// What the steps before `step` found.
    pub(crate) fn findings(&self, step: &Step) -> Vec<&str> {
        let before = self.steps.iter().filter(|other| step.dependencies.contains(&other.step_id));
        before.filter_map(|other| other.result.as_deref()).collect()
    }
}

/// How a task is to be tackled.
#[derive(Debug, Serialize)]
pub(crate) struct RouterDecision {
    pub(crate) selected_route: &'static str,
    pub(crate) confidence: f64,
    pub(crate) reasoning: String,
    pub(crate) scores: BTreeMap<&'static str, f64>,
}

impl RouterDecision {
    /// One agent is enough for a task about one thing; several things are looked at side by side.
    pub(crate) fn of(task: &str) -> Self {
        let files =
            task.split_whitespace().filter(|word| word.trim_matches(['.', ',', '?']).contains('.')).count();
        let parallel = f64::from(u32::try_from(files).unwrap_or(u32::MAX).min(4)) / 4.0;
        let selected_route = if files > 1 { "orchestrate" } else { "single_agent" };
        Self {
            selected_route,
            confidence: if files > 1 { 0.5 + parallel / 2.0 } else { 1.0 - parallel },
            reasoning: format!("The task names {files} files."),
            scores: BTreeMap::from([("orchestrate", parallel), ("single_agent", 1.0 - parallel)]),
        }
    }
}

/// Whether the answer is worth giving.
#[derive(Debug, Serialize)]
pub(crate) struct EvaluationResult {
    pub(crate) quality_score: f64,
    pub(crate) passed: bool,
    pub(crate) feedback: String,
    pub(crate) metrics: BTreeMap<&'static str, u64>,
}
