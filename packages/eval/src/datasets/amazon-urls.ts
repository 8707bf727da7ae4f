import type { AmazonRelease } from './amazon-metadata.ts'

/** Where the owners of a release publish one category. */
export interface AmazonUrls {
  ratings: string
  reviews: string
  metadata: string
}

/**
 * Where the owners publish a category of a release. The owners move files now and then, and publish no checksums: keep
 * the one that `download` gives back, and ask for it the next time.
 *
 * @param category as its owners spell it: `Beauty` (2014), `All_Beauty` (2018, 2023)
 *
 * @example amazonUrls('2014', 'Beauty').ratings
 */
export function amazonUrls(release: AmazonRelease, category: string): AmazonUrls {
  const host = 'https://mcauleylab.ucsd.edu/public_datasets/data'
  switch (release) {
    case '2014': {
      const base = 'https://snap.stanford.edu/data/amazon/productGraph/categoryFiles'
      return {
        ratings: `${base}/ratings_${category}.csv`,
        reviews: `${base}/reviews_${category}_5.json.gz`,
        metadata: `${base}/meta_${category}.json.gz`,
      }
    }
    case '2018':
      return {
        ratings: `${host}/amazon_v2/categoryFilesSmall/${category}.csv`,
        reviews: `${host}/amazon_v2/categoryFilesSmall/${category}_5.json.gz`,
        metadata: `${host}/amazon_v2/metaFiles2/meta_${category}.json.gz`,
      }
    case '2023':
      return {
        ratings: `${host}/amazon_2023/benchmark/0core/rating_only/${category}.csv.gz`,
        reviews: `${host}/amazon_2023/raw/review_categories/${category}.jsonl.gz`,
        metadata: `${host}/amazon_2023/raw/meta_categories/meta_${category}.jsonl.gz`,
      }
  }
}
