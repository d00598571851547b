import { graphql } from "./gql";
import type { AllergiesQuery } from "./gql/graphql";

export const Allergies = graphql(`
  query Allergies($nhsNumber: NHSNumber!, $first: Int) {
    patient(nhsNumber: $nhsNumber) {
      nhsNumber
      name {
        text
      }
      allergies(first: $first) {
        ...Part
        nodes {
          id
          code {
            text
          }
          status
        }
      }
    }
  }
  fragment Part on AllergyConnection {
    completeness
    finding
    sources {
      status
    }
  }
`);

// What an organisation answers may be absent: strict TypeScript must insist that the app looks.
export function labels(data: AllergiesQuery): string[] {
  // @ts-expect-error patient may be null
  data.patient.nhsNumber;
  return data.patient?.allergies?.nodes.map((node) => node.code?.text ?? "not coded") ?? [];
}
