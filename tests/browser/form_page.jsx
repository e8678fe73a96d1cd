// The page of the tests: react-jsonschema-form with its stock validator and an item's form, and nothing else.

import Form from "@rjsf/core";
import validator from "@rjsf/validator-ajv8";
import { createRoot } from "react-dom/client";

const { schema, ui_schema, form_props } = window.form;
const keep = ({ formData }) => {
  window.submitted = formData;
};

createRoot(document.getElementById("form")).render(
  <Form schema={schema} uiSchema={ui_schema} {...form_props} validator={validator} onSubmit={keep} />,
);
