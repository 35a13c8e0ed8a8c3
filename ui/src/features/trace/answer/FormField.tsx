import { Plus, Trash2 } from "lucide-react";
import { useEffect, useId, useRef, useState } from "react";
import { revealed } from "../../../model/reveal";
import { type Field, type Json, type Wrong, initialOf, pointerTo, variantOf } from "../../../model/schemaForm";

interface Props {
  field: Field;
  name: string;
  required: boolean;
  pointer: string;
  value: Json | undefined;
  wrong: readonly Wrong[];
  onChange: (value: Json | undefined) => void;
}

/** One field with its label, what it is for, and what is wrong with it. */
export function FormField(props: Props) {
  const { field, name, required, pointer, wrong } = props;
  const id = useId();
  const own = wrong.filter((each) => each.pointer === pointer);
  const label = revealed(field.title ?? name);
  const about = [field.description !== undefined && `${id}-about`, own.length > 0 && `${id}-wrong`].filter(Boolean).join(" ");
  const described = about === "" ? undefined : about;
  const group = field.kind === "object" || field.kind === "list" || field.kind === "variants" || field.kind === "boolean";
  const notes = (
    <>
      {field.description !== undefined && (
        <p id={`${id}-about`} className="field-about foreign">
          {revealed(field.description)}
        </p>
      )}
      {own.map((each) => (
        <p key={each.message} id={`${id}-wrong`} className="field-wrong foreign">
          {each.message}
        </p>
      ))}
    </>
  );
  // Most parts are wanted; those that are not say so. What the whole answer is called says nothing to who answers.
  const mark = required ? null : <span className="field-optional"> (optional)</span>;
  const whole = pointer === "" && field.kind === "object";
  if (group) {
    return (
      <fieldset className="field" aria-describedby={described} data-pointer={pointer}>
        {label !== "" && !whole && (
          <legend className="field-label foreign">
            {label}
            {mark}
          </legend>
        )}
        {notes}
        <Input {...props} id={id} described={described} invalid={own.length > 0} />
      </fieldset>
    );
  }
  return (
    <div className="field" data-pointer={pointer}>
      <label className="field-label foreign" htmlFor={id}>
        {label === "" ? "Answer" : label}
        {mark}
      </label>
      {notes}
      <Input {...props} id={id} described={described} invalid={own.length > 0} />
    </div>
  );
}

interface InputProps extends Props {
  id: string;
  described: string | undefined;
  invalid: boolean;
}

function Input(props: InputProps) {
  const { field, value, onChange, id, described, invalid, required, pointer, wrong } = props;
  const common = { id, "aria-describedby": described, "aria-invalid": invalid || undefined, "aria-required": required || undefined, className: "field-input" };
  switch (field.kind) {
    case "text":
      return field.long ? (
        <textarea {...common} rows={1} value={typeof value === "string" ? value : ""} onChange={(event) => onChange(emptied(event.target.value, required))} />
      ) : (
        <input {...common} type={inputType(field.format)} value={typeof value === "string" ? value : ""} onChange={(event) => onChange(emptied(event.target.value, required))} />
      );
    case "number":
      return (
        <input
          {...common}
          type="number"
          step={field.whole ? 1 : "any"}
          min={field.minimum}
          max={field.maximum}
          value={typeof value === "number" ? value : ""}
          onChange={(event) => onChange(event.target.value === "" || Number.isNaN(event.target.valueAsNumber) ? undefined : event.target.valueAsNumber)}
        />
      );
    case "boolean":
      return (
        <div className="field-choice">
          {[true, false].map((option) => (
            <label key={String(option)} className="field-option">
              <input type="radio" name={id} checked={value === option} onChange={() => onChange(option)} />
              {option ? "Yes" : "No"}
            </label>
          ))}
        </div>
      );
    case "choice":
      return (
        <select {...common} value={field.options.findIndex((option) => same(option, value))} onChange={(event) => onChange(field.options[Number(event.target.value)])}>
          <option value={-1} disabled={required}>
            –
          </option>
          {field.options.map((option, index) => (
            <option key={index} value={index}>
              {typeof option === "string" ? revealed(option) : JSON.stringify(option)}
            </option>
          ))}
        </select>
      );
    case "object": {
      const parts = typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
      return (
        <div className="field-parts">
          {field.parts.map((part) => (
            <FormField
              key={part.name}
              field={part.field}
              name={part.name}
              required={part.required}
              pointer={pointerTo(pointer, part.name)}
              value={parts[part.name]}
              wrong={wrong}
              onChange={(changed) => {
                const others = Object.entries(parts).filter(([name]) => name !== part.name);
                onChange(changed === undefined ? Object.fromEntries(others) : { ...parts, [part.name]: changed });
              }}
            />
          ))}
        </div>
      );
    }
    case "list":
      return <ListInput {...props} field={field} />;
    case "variants":
      return <VariantInput {...props} variants={field.variants} />;
    case "json":
      return <JsonInput common={common} value={value} onChange={onChange} />;
  }
}

function ListInput({ field, value, pointer, wrong, onChange }: InputProps & { field: Extract<Field, { kind: "list" }> }) {
  const items = Array.isArray(value) ? value : [];
  return (
    <div className="field-parts">
      {items.map((item, index) => (
        <div key={index} className="field-item">
          <FormField
            field={field.item}
            name={`${index + 1}`}
            required
            pointer={pointerTo(pointer, index)}
            value={item}
            wrong={wrong}
            onChange={(changed) => onChange(items.map((each, at) => (at === index ? (changed ?? null) : each)))}
          />
          <button type="button" className="tool" aria-label={`Remove item ${index + 1}`} onClick={() => onChange(items.filter((_, at) => at !== index))}>
            <Trash2 size={14} aria-hidden />
          </button>
        </div>
      ))}
      <button
        type="button"
        className="button field-add"
        disabled={field.maxItems !== undefined && items.length >= field.maxItems}
        onClick={() => onChange([...items, initialOf(field.item) ?? (field.item.kind === "text" ? "" : null)])}
      >
        <Plus size={14} aria-hidden /> Add
      </button>
    </div>
  );
}

function VariantInput({ variants, ...props }: InputProps & { variants: readonly Field[] }) {
  // Where the default, the state as it is, or what was begun before is at home.
  const [chosen, setChosen] = useState(() => variantOf(variants, props.value));
  const variant = variants[chosen];
  return (
    <div className="field-parts">
      <select
        className="field-input"
        aria-label="Which kind"
        value={chosen}
        onChange={(event) => {
          const next = variants[Number(event.target.value)];
          setChosen(Number(event.target.value));
          props.onChange(next && initialOf(next));
        }}
      >
        {variants.map((each, index) => (
          <option key={index} value={index}>
            {revealed(each.title ?? `Kind ${index + 1}`)}
          </option>
        ))}
      </select>
      {variant && <FormField {...props} field={variant} name="" />}
    </div>
  );
}

/** Any JSON, as text. What is no JSON yet is kept as it was typed, and is no answer. */
function JsonInput({ common, value, onChange }: { common: object; value: Json | undefined; onChange: (value: Json | undefined) => void }) {
  const [typed, setTyped] = useState(() => (value === undefined ? "" : JSON.stringify(value, null, 2)));
  const broken = typed.trim() !== "" && parsed(typed) === undefined;
  const box = useRef<HTMLTextAreaElement>(null);
  // Nothing is sent while it stands there: it would be taken for no answer.
  useEffect(() => box.current?.setCustomValidity(broken ? "This is no JSON yet." : ""), [broken]);
  return (
    <>
      <textarea
        {...common}
        ref={box}
        className="field-input mono"
        rows={4}
        spellCheck={false}
        placeholder="JSON"
        value={typed}
        onChange={(event) => {
          setTyped(event.target.value);
          onChange(parsed(event.target.value)?.value);
        }}
      />
      {broken && <p className="field-wrong">This is no JSON yet.</p>}
    </>
  );
}

function parsed(text: string): { value: Json } | undefined {
  try {
    return { value: JSON.parse(text) as Json };
  } catch {
    return undefined;
  }
}

function emptied(text: string, required: boolean): string | undefined {
  return text === "" && !required ? undefined : text;
}

function same(one: Json, other: Json | undefined): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** Only what a browser checks as the schema does. */
function inputType(format: string | undefined): string {
  return format === "email" || format === "date" || format === "time" ? format : "text";
}
